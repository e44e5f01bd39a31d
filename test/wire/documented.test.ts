import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const document = readFileSync(join(root, 'docs', 'wire.md'), 'utf8');

/** Fields and keys of the deployed fleet, which its own description has. */
const DEPLOYED = new Set(
  `acq_time added_at agent_count auth_token autostart_enabled available_bytes base_node build_output bytes_recv bytes_sent
  config_path declared_at_ns ever_fired fifteen_min five_min frame_id health_status instance_name is_built
  last_health_check_ms last_updated_ms machine_hostname machine_id machine_ips mcp_port monotonic_seq node_count node_kind
  node_name node_type one_min per_core pub_time request_id responding_machine schema_uri schema_version source_instance
  started_at_ns still_live target_machine timestamp_ms total_bytes ts_ns uptime_secs usage_percent used_bytes`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

test('docs/wire.md tells of every field that bubbaloop adds', () => {
  const missing = readdirSync(join(root, 'source', 'wire')).flatMap((name) => {
    const text = readFileSync(join(root, 'source', 'wire', name), 'utf8');
    // A key of a record as it is written: `last_exit: node.lastExit`.
    const fields = [...text.matchAll(/^\s+([a-z]+(?:_[a-z]+)+):/gm)].map((match) => match[1] ?? '');
    return fields
      .filter((field) => !DEPLOYED.has(field) && !document.includes(field))
      .map((field) => `${name}: ${field}`);
  });
  expect(missing).toEqual([]);
});

test('docs/wire.md names each word that a command can be refused with, and each that outputs can have', () => {
  for (const file of ['command.ts', 'node-state.ts']) {
    const text = readFileSync(join(root, 'source', 'wire', file), 'utf8');
    const listed = file === 'command.ts' ? /type Refusal =([^;]+);/ : /OUTPUT_FLOWS = \[([^\]]+)\]/;
    const words = [...(listed.exec(text)?.[1] ?? '').matchAll(/'([a-z-]+)'/g)].map((match) => match[1]);
    expect(words.length).toBeGreaterThan(3);
    for (const word of words) expect(document).toContain(`\`${word}\``);
  }
});
