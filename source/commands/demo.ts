import type { Command } from './command.ts';
import { budgetFlag, imagesFlag, PICTURE_FLAGS } from './picture-flags.ts';
import { SCREEN_FLAGS, screenFlags } from './screen-flags.ts';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'Look around: a router, a daemon, a test camera and `top`, in one command; leaving `top` ends it all',
  flags: {
    ...SCREEN_FLAGS,
    ...PICTURE_FLAGS,
  },
  examples: ['bubbaloop demo', 'bubbaloop demo | cat    # one snapshot as plain text'],
  async run(invocation) {
    const images = imagesFlag(invocation);
    const budgetBytesPerSecond = budgetFlag(invocation);
    const screen = screenFlags(invocation);
    const [{ DEMO_MACHINE, startDemoFleet }, { showNoCredentials }] = await Promise.all([
      import('./demo-fleet.ts'),
      import('../zenoh/credentials.ts'),
    ]);
    showNoCredentials();
    const fleet = await startDemoFleet();
    try {
      const { runTop } = await import('./top-run.ts');
      return await runTop({
        endpoint: fleet.endpoint,
        banner: 'demo',
        machineId: DEMO_MACHINE,
        images,
        ...screen,
        budgetBytesPerSecond,
        expectNodes: fleet.nodeCount,
      });
    } finally {
      await fleet.end();
    }
  },
};
