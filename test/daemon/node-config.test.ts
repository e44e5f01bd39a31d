import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readNodeConfig, readNodeSpec } from '../../source/daemon/node-spec.ts';

it('gives a node’s configuration to whoever asks for the list of nodes, but no password of a URL in it', async () => {
  const path = mkdtempSync(join(tmpdir(), 'bubbaloop-node-config-'));
  try {
    writeFileSync(join(path, 'node.yaml'), 'name: cam\ncommand: true\n');
    writeFileSync(
      join(path, 'config.yaml'),
      'url: rtsp://me:s3cr%40t@10.0.0.5:554/live\nother: "https://tok3n@x.org/a"\nlatency: 200\nmail: me@x.org\n',
    );
    const spec = await readNodeSpec({
      path,
      addedAt: '2026-01-01T00:00:00Z',
      nameOverride: undefined,
      configOverride: undefined,
      autostart: false,
      installed: true,
      others: {},
    });
    expect(readNodeConfig(spec)).toBe(
      'url: rtsp://***@10.0.0.5:554/live\nother: "https://***@x.org/a"\nlatency: 200\nmail: me@x.org\n',
    );
  } finally {
    rmSync(path, { recursive: true });
  }
});
