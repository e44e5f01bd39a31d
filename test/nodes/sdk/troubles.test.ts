import { beforeEach, expect, it } from 'vitest';
import { Troubles } from '../../../source/nodes/sdk/troubles.ts';

let nowMs: number;
let said: string[];
let troubles: Troubles;
beforeEach(() => {
  nowMs = 0;
  said = [];
  troubles = new Troubles(
    (message) => said.push(message),
    () => nowMs,
  );
});

it('says each reason once, and when it is over', () => {
  for (let count = 0; count < 100; count += 1) {
    nowMs += 36_000;
    troubles.report('service', count < 50 ? 'refused' : 'answers \u001b[31m500');
  }
  nowMs += 36_000;
  troubles.report('service');
  troubles.report('service');
  expect(said).toEqual(['service: refused', 'service: answers 500', 'service: well again after 60 min, 100 failures']);
});

it('what comes and goes all the time is said once a minute', () => {
  for (; nowMs < 180_000; nowMs += 50) {
    troubles.report('bus', 'no answer');
    troubles.report('bus');
  }
  expect(said).toHaveLength(6);
  expect(said.slice(0, 2)).toEqual(['bus: no answer', 'bus: well again after 0 s, 1 failures']);
});

it('what began too soon after the last is said when it lasts', () => {
  troubles.report('bus', 'no answer');
  troubles.report('bus');
  nowMs = 10_000;
  troubles.report('bus', 'no answer');
  expect(said).toHaveLength(2);
  nowMs = 70_000;
  troubles.report('bus', 'no answer');
  troubles.report('bus');
  expect(said.slice(2)).toEqual(['bus: no answer', 'bus: well again after 60 s, 2 failures']);
});

it('ever new reasons are not said for ever', () => {
  for (let count = 0; count < 10_000; count += 1) troubles.report('bus', `error ${count}`);
  expect(said).toHaveLength(5);
});
