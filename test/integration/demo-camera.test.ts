import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { watchCamera } from '../../source/camera/watch-camera.ts';
import { DEMO_MACHINE, type DemoFleet, startDemoFleet } from '../../source/commands/demo-fleet.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import { runBubbaloop } from '../support/command-line.ts';

const LIMIT = { timeout: 40_000, interval: 100 };
let fleet: DemoFleet;
beforeAll(async () => {
  fleet = await startDemoFleet();
});
afterAll(() => fleet.end());

test('the demo’s camera is found, and its daemon has thumbnails made of it', async () => {
  await vi.waitFor(async () => {
    const { stdout } = await runBubbaloop(['camera', 'list', '--endpoint', fleet.endpoint]);
    expect(stdout).toMatch(/^demo\s+test-camera\s+test-camera\s+raw$/m);
  }, LIMIT);
  const session = openSession(fleet.webSocketUrl);
  const camera = { machine: DEMO_MACHINE, node: 'test-camera' };
  const feed = watchCamera(session, camera, { maxWidth: 160, maxHeight: 160, maxRateHz: 5, outputs: ['raw'] });
  try {
    await vi.waitFor(() => expect(feed.state.version).toBeGreaterThan(3), LIMIT);
    expect(feed.state).toMatchObject({ source: 'thumbnail', width: 1920, height: 1080, flag: undefined });
  } finally {
    await feed.close();
    await session.close();
  }
});
