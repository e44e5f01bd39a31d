/** A rig over a real router process. */
import { openSession } from '../../source/zenoh/open-session.ts';
import type { SessionKind } from '../../source/zenoh/session.ts';
import { freePorts, startRouter } from '../support/router.ts';
import type { Rig } from './rig.ts';

export async function startRealRig(kind: SessionKind): Promise<Rig> {
  const router = await startRouter();
  const [nowhere] = await freePorts(1);
  const urlOf = (port: number | undefined) => (kind === 'native' ? `tcp/127.0.0.1:${port}` : `ws://127.0.0.1:${port}`);
  const [own, other] = kind === 'native' ? [router.endpoint, router.wsUrl] : [router.wsUrl, router.endpoint];
  return {
    kind,
    open: (options) => openSession(own, options),
    openOther: (options) => openSession(other, options),
    openSender: (options) => openSession(router.endpoint, options),
    openNowhere: (options) => openSession(urlOf(nowhere), options),
    openAtPort: (port, options) => openSession(urlOf(port), options),
    killRouter: () => router.kill(),
    restartRouter: () => router.restartOnSamePorts(),
    suspendRouter: () => router.suspend(),
    resumeRouter: () => router.resume(),
    stop: () => router.stop(),
  };
}
