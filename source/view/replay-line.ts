/** The line that says that this is a recording, and where in it. */
import { formatAge, formatTime } from './format.ts';
import { fit, sanitize } from './text.ts';
import type { Line } from './theme.ts';

export interface ReplayView {
  readonly file: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly atMs: number;
  readonly isPaused: boolean;
  /** Times as fast as it happened. */
  readonly speed: number;
  /** What is wrong with the recording; empty where nothing is. */
  readonly problem: string;
}

const KEYS = 'space [ ] { } 0 $ + -';

export function replayLine(view: ReplayView, width: number): Line {
  const { file, startMs, endMs, atMs, isPaused, speed, problem } = view;
  const day = new Date(atMs);
  const date = [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, '0'));
  const state = isPaused ? 'paused' : `${speed}x`;
  const place = ` REPLAY  ${date.join('-')} ${formatTime(atMs)}  ${offset(atMs - startMs)} of ${offset(endMs - startMs)}  ${state} `;
  const remark = problem === '' ? sanitize(file) : sanitize(problem);
  const rest = Math.max(0, width - place.length);
  const room = rest - KEYS.length - 3;
  const aside = room >= 12 ? ` ${fit(remark, room)} ${KEYS} ` : fit(` ${remark}`, rest);
  return [
    { text: fit(place, Math.min(width, place.length)), style: 'choice' },
    { text: aside, style: problem === '' ? 'dim' : 'warn' },
  ];
}

function offset(ms: number): string {
  return ms < 60_000
    ? formatAge(ms)
    : `${Math.floor(ms / 60_000)}m${String(Math.floor(ms / 1_000) % 60).padStart(2, '0')}s`;
}
