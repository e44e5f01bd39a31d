import { DEMO_MACHINE, startDemoFleet } from '../../source/commands/demo-fleet.ts';

/** The demo's fleet without its `top`. */
export type Fleet = {
  readonly endpoint: string;
  /** Environment of a command on that machine. */
  readonly env: NodeJS.ProcessEnv;
  end(): Promise<void>;
};

export async function startFleet(): Promise<Fleet> {
  const fleet = await startDemoFleet();
  return {
    endpoint: fleet.endpoint,
    env: {
      BUBBALOOP_HOME: fleet.home,
      BUBBALOOP_MACHINE_ID: DEMO_MACHINE,
      BUBBALOOP_ZENOH_ENDPOINT: fleet.endpoint,
    },
    end: () => fleet.end(),
  };
}
