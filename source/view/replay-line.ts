/** The line that says that this is a recording, and where in it. */
import { formatAge, formatTime } from './format.ts';
import { fit, sanitize } from './text.ts';
import type { Line } from './theme.ts';

export interface ReplayView {
  readonly file: string;
  readonly startMs: number;
  readonly endMs: number;
  /** While it is still read: until when that has been done. */
  readonly readMs?: number | undefined;
  readonly atMs: number;
  readonly isPaused: boolean;
  /** Times as fast as it happened. */
  readonly speed: number;
  /** What is wrong with the recording; empty where nothing is. */
  readonly problem: string;
}

const KEYS = 'space [ ] { } 0 $ + -';

export function replayLine(view: ReplayView, width: number): Line {
  const { file, startMs, endMs, readMs, atMs, isPaused, speed, problem } = view;
  const day = new Date(atMs);
  const date = [day.getFullYear(), day.getMonth() + 1, day.getDate()].map(padded);
  const state = isPaused ? 'paused' : `${speed}x`;
  const place = ` REPLAY  ${date.join('-')} ${formatTime(atMs)}  ${offset(atMs - startMs)} of ${offset(endMs - startMs)}  ${state} `;
  const reading = readMs === undefined ? '' : `read to ${offset(readMs - startMs)}`;
  const remark = reading || sanitize(problem || file);
  const rest = Math.max(0, width - place.length);
  const room = rest - KEYS.length - 3;
  const aside = room >= 12 ? ` ${fit(remark, room)} ${KEYS} ` : fit(` ${remark}`, rest);
  return [
    { text: fit(place, Math.min(width, place.length)), style: 'choice' },
    { text: aside, style: reading !== '' || problem === '' ? 'dim' : 'warn' },
  ];
}

function offset(ms: number): string {
  if (ms < 60_000) return formatAge(ms);
  const minutes = Math.floor(ms / 60_000);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}h${padded(minutes % 60)}m`;
  return `${minutes}m${padded(Math.floor(ms / 1_000) % 60)}s`;
}

function padded(part: number): string {
  return String(part).padStart(2, '0');
}
