/** The keys that move through a recording, as data: `top --replay` and its help read them. */

export type ReplayMove =
  | { readonly kind: 'pause' }
  | { readonly kind: 'skip'; readonly byMs: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'speed'; readonly step: 1 | -1 };

export interface ReplayKey {
  readonly keys: readonly string[];
  readonly help: string;
  readonly move: ReplayMove;
}

const MINUTE_MS = 60_000;

export const REPLAY_KEYS: readonly ReplayKey[] = [
  { keys: [' '], help: 'pause, go on', move: { kind: 'pause' } },
  { keys: ['['], help: '10 s back', move: { kind: 'skip', byMs: -10_000 } },
  { keys: [']'], help: '10 s on', move: { kind: 'skip', byMs: 10_000 } },
  { keys: ['{'], help: '1 min back', move: { kind: 'skip', byMs: -MINUTE_MS } },
  { keys: ['}'], help: '1 min on', move: { kind: 'skip', byMs: MINUTE_MS } },
  { keys: ['0'], help: 'to the start', move: { kind: 'start' } },
  { keys: ['$'], help: 'to the end', move: { kind: 'end' } },
  { keys: ['+', '='], help: 'faster', move: { kind: 'speed', step: 1 } },
  { keys: ['-'], help: 'slower', move: { kind: 'speed', step: -1 } },
];

export const REPLAY_SPEEDS: readonly number[] = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];

export interface ReplayPosition {
  readonly atMs: number;
  readonly isPaused: boolean;
  readonly speed: number;
}

/** Where a recording stands after a key; undefined for a key that is none of these. */
export function moveReplay(
  position: ReplayPosition,
  key: string,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): ReplayPosition | undefined {
  const move = REPLAY_KEYS.find((candidate) => candidate.keys.includes(key))?.move;
  if (move === undefined) return undefined;
  const at = (atMs: number): ReplayPosition => ({ ...position, atMs: Math.min(endMs, Math.max(startMs, atMs)) });
  switch (move.kind) {
    case 'pause':
      // At the end there is nothing to go on to but the start.
      if (position.isPaused && position.atMs >= endMs) return { ...position, isPaused: false, atMs: startMs };
      return { ...position, isPaused: !position.isPaused };
    case 'skip':
      return at(position.atMs + move.byMs);
    case 'start':
      return at(startMs);
    case 'end':
      return { ...at(endMs), isPaused: true };
    case 'speed': {
      const index = REPLAY_SPEEDS.indexOf(position.speed) + move.step;
      return { ...position, speed: REPLAY_SPEEDS[Math.min(REPLAY_SPEEDS.length - 1, Math.max(0, index))] ?? 1 };
    }
  }
}

/** Where it stands after `passedMs` of the viewer's time; it stops at the end. */
export function playReplay(position: ReplayPosition, passedMs: number, endMs: number): ReplayPosition {
  if (position.isPaused) return position;
  const atMs = position.atMs + passedMs * position.speed;
  return atMs >= endMs ? { ...position, atMs: endMs, isPaused: true } : { ...position, atMs };
}
