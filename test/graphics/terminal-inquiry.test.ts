import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MULTIPLEXER_QUESTIONS, TERMINAL_QUESTIONS } from '../../source/graphics/terminal-answers.ts';
import { type InquiryOptions, TerminalInquiry } from '../../source/graphics/terminal-inquiry.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function inquire(change: Partial<InquiryOptions> = {}): TerminalInquiry {
  return new TerminalInquiry({
    images: 'auto',
    env: { TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    size: () => ({ columns: 100, rows: 40 }),
    askTmux: () => Promise.resolve(undefined),
    askWindowPixels: () => Promise.resolve(undefined),
    ...change,
  });
}

const ANSWERS = [
  { kind: 'cell', widthPx: 9, heightPx: 18 },
  { kind: 'attributes', attributes: [63, 4] },
] as const;

test('it is settled with the last answer', async () => {
  const inquiry = inquire();
  expect(inquiry.begin()).toBe(TERMINAL_QUESTIONS);
  expect(inquiry.begin()).toBe('');
  expect(inquiry.isSettled).toBe(false);
  inquiry.take(ANSWERS);
  await inquiry.settled;
  expect(inquiry.pictures).toMatchObject({ protocol: 'sixel', cell: { widthPx: 9, heightPx: 18 } });
  expect(inquiry.isAnswered).toBe(true);
});

test('a silent terminal is waited for 200 ms; the kernel may know its size', async () => {
  const inquiry = inquire({ askWindowPixels: () => Promise.resolve({ widthPx: 800, heightPx: 640 }) });
  inquiry.begin();
  await vi.advanceTimersByTimeAsync(190);
  expect(inquiry.isSettled).toBe(false);
  await vi.advanceTimersByTimeAsync(20);
  expect(inquiry.isSettled).toBe(true);
  expect(inquiry.pictures).toMatchObject({ protocol: 'blocks', cell: { widthPx: 8, heightPx: 16 } });
});

test('answers that come after that still count, and are told', async () => {
  const inquiry = inquire();
  let told = 0;
  inquiry.onChange(() => {
    told += 1;
  });
  inquiry.begin();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(inquiry.pictures.protocol).toBe('blocks');
  inquiry.take(ANSWERS);
  await vi.advanceTimersByTimeAsync(1);
  expect(inquiry.pictures.protocol).toBe('sixel');
  expect(told).toBeGreaterThan(0);
});

test('nothing is asked where no picture will be shown, and less inside tmux and GNU screen', () => {
  expect(inquire({ images: 'off' }).begin()).toBe('');
  expect(inquire({ env: { TERM: 'dumb' } }).begin()).toBe('');
  expect(inquire({ env: { TERM: 'tmux-256color', TMUX: '/tmp/x,1,0', LANG: 'C.UTF-8' } }).begin()).toBe(
    MULTIPLEXER_QUESTIONS,
  );
  expect(inquire({ env: { TERM: 'screen', LANG: 'C.UTF-8' } }).begin()).toBe(MULTIPLEXER_QUESTIONS);
});

test('a terminal that told its cell is asked again when it changes its size; the newest counts', async () => {
  const inquiry = inquire();
  inquiry.begin();
  expect(inquiry.resized()).toBe('');
  inquiry.take(ANSWERS);
  await inquiry.settled;
  expect(inquiry.resized()).toBe('\x1b[16t');
  inquiry.take([{ kind: 'cell', widthPx: 12, heightPx: 24 }]);
  expect(inquiry.pictures.cell).toEqual({ widthPx: 12, heightPx: 24 });
});

test('an answer is owed until it is there, or has been waited for long enough; where nothing was asked none is', async () => {
  const asked = inquire();
  expect(asked.isOwed).toBe(false);
  asked.begin();
  expect(asked.isOwed).toBe(true);
  asked.take(ANSWERS);
  expect(asked.isOwed).toBe(false);
  const silent = inquire();
  silent.begin();
  await vi.advanceTimersByTimeAsync(900);
  expect(silent.isOwed).toBe(true);
  await vi.advanceTimersByTimeAsync(200);
  expect(silent.isOwed).toBe(false);
  const off = inquire({ images: 'off' });
  off.begin();
  expect(off.isOwed).toBe(false);
});
