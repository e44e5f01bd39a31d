import type { Check } from './check.ts';
import { configFiles, daemonOnZenoh, daemonProcess, homeFolder } from './check-daemon.ts';
import { clocks, fleetKey, identities, versions } from './check-fleet.ts';
import { keyFiles } from './check-key.ts';
import { centralLink, firewall, tailscale } from './check-link.ts';
import { nodeFolders, nodeStates, registry } from './check-nodes.ts';
import { adminSpace, routerHandshake, routerPort, routerProcess, routerRest, routerWebSocket } from './check-router.ts';
import { memlock, shmOrphans, shmSessions, shmSpace } from './check-shm.ts';
import { systemdUnits } from './check-system.ts';
import { terminalGraphics, terminalLocale, tmuxSettings } from './check-terminal.ts';

/** Every check, in the order in which they are shown. */
export const checks: readonly Check[] = [
  routerProcess,
  routerPort,
  routerHandshake,
  adminSpace,
  routerWebSocket,
  routerRest,
  centralLink,
  firewall,
  tailscale,
  versions,
  clocks,
  identities,
  shmSessions,
  shmSpace,
  shmOrphans,
  memlock,
  daemonProcess,
  daemonOnZenoh,
  homeFolder,
  configFiles,
  registry,
  nodeFolders,
  nodeStates,
  keyFiles,
  fleetKey,
  systemdUnits,
  terminalGraphics,
  terminalLocale,
  tmuxSettings,
];
