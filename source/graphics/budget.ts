/**
 * Keeps pictures within what the line and the processor may spend: first fewer a second, then fewer colours, then smaller
 * ones; and back in the same order, when there has been room for a while. Pure: figures and time are handed in.
 */
import type { ImageProtocol } from './picture-encoder.ts';

/** How pictures are sent now. */
export interface BudgetLevel {
  readonly rateHz: number;
  /** Sixel: size of the palette. Blocks: 256 is as deep as the terminal goes, under it 256 colours, from 16 down 16. */
  readonly colours: number;
  /** Of the sides of a picture, 1 is the whole box. */
  readonly scale: number;
}

export interface BudgetLimits {
  readonly bytesPerSecond: number;
  /** Own CPU, 1 is a whole core. */
  readonly cpuShare: number;
  /** Bytes of one picture. */
  readonly pictureBytes: number;
}

/** What was seen since the last sample. */
export interface BudgetSample {
  readonly atMs: number;
  readonly bytesPerSecond: number;
  readonly cpuShare: number;
  /** Mean of the pictures sent; undefined where none was. */
  readonly bytesPerPicture?: number;
  /** New pictures a second that all cameras together would give at the level now. */
  readonly picturesPerSecond: number;
  readonly limits: BudgetLimits;
}

export interface BudgetState {
  readonly levels: readonly BudgetLevel[];
  readonly at: number;
  /** Since when the next better level would fit. */
  readonly roomSinceMs?: number;
  readonly changedAtMs: number;
  readonly bytesPerPicture?: number;
  /** Why the level is what it is; undefined at the best. */
  readonly limitedBy?: 'budget' | 'terminal' | 'cpu';
}

const LOWER_RATES = [8, 6, 5, 4, 3, 2, 1];
const LOWER_COLOURS: Readonly<Record<ImageProtocol, readonly number[]>> = {
  sixel: [128, 64, 32, 16],
  blocks: [128, 16],
  iterm: [128, 64, 32, 16],
  // Its pictures do not shrink with the number of colours.
  kitty: [],
};
const LOWER_SCALES = [0.75, 0.5, 0.35];

/** Least time at a level, and how long there must be room before it gets better. */
const DWELL_MS = 1_000;
const CALM_MS = 5_000;
/** A step down aims so far under the limit; a step up must still leave so much. */
const AIM = 0.9;
const ROOM = 0.75;

export function startBudget(
  asked: { readonly rateHz: number; readonly colours: number; readonly protocol: ImageProtocol },
  atMs: number,
): BudgetState {
  const { rateHz, colours, protocol } = asked;
  const levels: BudgetLevel[] = [{ rateHz, colours, scale: 1 }];
  const last = (): BudgetLevel => levels[levels.length - 1] ?? { rateHz, colours, scale: 1 };
  for (const rate of LOWER_RATES) if (rate < rateHz) levels.push({ ...last(), rateHz: rate });
  for (const count of LOWER_COLOURS[protocol]) if (count < colours) levels.push({ ...last(), colours: count });
  for (const scale of LOWER_SCALES) levels.push({ ...last(), scale });
  return { levels, at: 0, changedAtMs: atMs };
}

export function budgetLevel(state: BudgetState): BudgetLevel {
  return state.levels[state.at] ?? { rateHz: 1, colours: 16, scale: 0.35 };
}

export function stepBudget(before: BudgetState, sample: BudgetSample): BudgetState {
  const { atMs, limits } = sample;
  const state = { ...before, bytesPerPicture: sample.bytesPerPicture ?? before.bytesPerPicture };
  const strain = strainAt(state, sample, state.at);
  const measured = { by: 'budget' as const, share: sample.bytesPerSecond / limits.bytesPerSecond };
  const worst = measured.share > strain.share ? measured : strain;
  if (worst.share > 1) {
    const isFresh = atMs - state.changedAtMs < DWELL_MS && state.changedAtMs !== atMs;
    const isLast = state.at === state.levels.length - 1;
    if (isFresh || isLast) return { ...state, roomSinceMs: undefined, limitedBy: worst.by };
    const at = firstThatFits(state, sample);
    return { ...state, at, changedAtMs: atMs, roomSinceMs: undefined, limitedBy: worst.by };
  }
  if (state.at === 0) return { ...state, roomSinceMs: undefined, limitedBy: undefined };
  if (strainAt(state, sample, state.at - 1).share > ROOM) return { ...state, roomSinceMs: undefined };
  const roomSinceMs = state.roomSinceMs ?? atMs;
  if (atMs - roomSinceMs < CALM_MS) return { ...state, roomSinceMs };
  const at = state.at - 1;
  return { ...state, at, changedAtMs: atMs, roomSinceMs: atMs, limitedBy: at === 0 ? undefined : state.limitedBy };
}

/** The next worse level that would keep every limit; the last where none does. */
function firstThatFits(state: BudgetState, sample: BudgetSample): number {
  for (let at = state.at + 1; at < state.levels.length; at += 1) {
    if (strainAt(state, sample, at).share <= AIM) return at;
  }
  return state.levels.length - 1;
}

/** The limit that would be strained most at a level, and how far; over 1 is too far. */
function strainAt(
  state: BudgetState,
  { limits, picturesPerSecond, cpuShare }: BudgetSample,
  at: number,
): { readonly by: 'budget' | 'terminal' | 'cpu'; readonly share: number } {
  const now = budgetLevel(state);
  const then = state.levels[at] ?? now;
  const rate = picturesPerSecond * (then.rateHz / now.rateHz);
  const area = (then.scale / now.scale) ** 2;
  const bytes = (state.bytesPerPicture ?? 0) * (weight(then.colours) / weight(now.colours)) * area;
  const strains = [
    { by: 'budget' as const, share: (bytes * rate) / limits.bytesPerSecond },
    { by: 'terminal' as const, share: bytes / limits.pictureBytes },
    // Half of what a picture costs goes with its size, a part of the whole is not for pictures at all.
    { by: 'cpu' as const, share: (cpuShare * (then.rateHz / now.rateHz) * (0.5 + 0.5 * area)) / limits.cpuShare },
  ];
  return strains.reduce((most, strain) => (strain.share > most.share ? strain : most));
}

/** How the bytes of a picture go with its colours, as measured on photographs. */
function weight(colours: number): number {
  return Math.max(1, Math.log2(Math.max(2, colours)) - 1) / 7;
}

/** `500k`, `1M`, `1.5MB`, `20000`: bytes a second, thousands as people say them. Undefined where it is none. */
export function parseBytesPerSecond(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?(?:\/s)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const unit = { '': 1, k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? '').toLowerCase()] ?? 1;
  const value = Number(match[1]) * unit;
  return value > 0 ? value : undefined;
}
