/** What is known of the keys that data travels on. Pure data; zids are zenoh ids. */

/** What a subscription of ours to a key found. Times are `Date.now()` milliseconds. */
export interface TopicFigures {
  /** Whether we are subscribed now; else the figures are those of the last time. */
  readonly isLive: boolean;
  /** Messages a second; undefined where too few came to tell. */
  readonly rateHz?: number;
  readonly bytesPerSecond?: number;
  /** Mean size of a message. */
  readonly messageBytes?: number;
  /** When the last message came. */
  readonly lastAtMs?: number;
  /** When we subscribed, the last time. */
  readonly sinceMs: number;
  /** It takes more than the budget: it is looked at for a moment, now and then. */
  readonly isCostly: boolean;
}

export interface Topic {
  /** May hold wildcards, and untrusted text. */
  readonly keyExpr: string;
  /** The machine it belongs to; empty where its key names none. */
  readonly machine: string;
  readonly publishers: readonly string[];
  /** Without ourselves. */
  readonly subscribers: readonly string[];
  readonly figures?: TopicFigures;
  /** Why it is never subscribed to from here. */
  readonly unmeasured?: UnmeasuredReason;
}

export type UnmeasuredReason =
  /** It must stay on its machine: frames of many megabytes in shared memory. */
  | 'local'
  /** A daemon makes it only while somebody subscribes: looking would be asking for it. */
  | 'on-demand'
  /** A pattern, not a key. */
  | 'pattern';

export interface TopicsView {
  /** `idle` until it is asked for the first time. */
  readonly phase: 'idle' | 'asking' | 'ready';
  /** In order of machine and key. */
  readonly topics: readonly Topic[];
  /** Routers that were not asked, by name: they could stop while they answer (eclipse-zenoh/zenoh#2619). */
  readonly unaskedRouters: readonly string[];
  /** Machines or routers whose keys were left out, because there are as many already as are kept. */
  readonly leftOutPages: number;
  /** Whether of some machine not all keys were taken. */
  readonly isCut: boolean;
  /** What the subscriptions take. */
  readonly spentBytesPerSecond: number;
  readonly budgetBytesPerSecond: number;
  /** Keys on the screen that wait for their turn, because of the budget. */
  readonly heldBackCount: number;
  /** Of a recording. */
  readonly recorded?: RecordedLook;
}

/** A recording knows of keys what the Topics pane knew, while that was shown. */
export interface RecordedLook {
  readonly isShown: boolean;
  /** When it was shown last, where it is not. */
  readonly shownAtMs: number;
  /** Keys for which the recording had no room. */
  readonly leftOutKeys: number;
}

export const NO_TOPICS: TopicsView = {
  phase: 'idle',
  topics: [],
  unaskedRouters: [],
  leftOutPages: 0,
  isCut: false,
  spentBytesPerSecond: 0,
  budgetBytesPerSecond: 0,
  heldBackCount: 0,
};

/** Why a key is not subscribed to from here; undefined where it may be. */
export function unmeasuredReason(keyExpr: string): UnmeasuredReason | undefined {
  if (/[*$]/.test(keyExpr)) return 'pattern';
  const [root, scope, , first, second] = keyExpr.split('/');
  if (root !== 'bubbaloop') return undefined;
  if (scope === 'local') return 'local';
  if (first === 'daemon' && second === 'logs') return 'on-demand';
  return keyExpr.endsWith('/thumbnail') ? 'on-demand' : undefined;
}

/** The machine that a key names; empty where it names none. */
export function machineOfKey(keyExpr: string): string {
  const [root, scope, machine = ''] = keyExpr.split('/');
  if (root !== 'bubbaloop' || (scope !== 'global' && scope !== 'local') || machine.includes('*')) return '';
  return machine;
}
