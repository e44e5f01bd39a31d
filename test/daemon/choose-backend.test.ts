import { expect, it } from 'vitest';
import { whyNotSystemd } from '../../source/daemon/choose-backend.ts';

it.each([
  ["the user's own home, with lingering", '/home/robot/.bubbaloop', true, undefined],
  ['without lingering', '/home/robot/.bubbaloop', false, 'no lingering'],
  ['another home, as the demo has', '/tmp/bubbaloop-demo-1', true, 'another home than ~/.bubbaloop'],
])('takes systemd unasked only where nodes may stay: %s', (_label, homeFolder, isLingering, reason) => {
  expect(whyNotSystemd({ homeFolder, userHome: '/home/robot', isLingering })).toBe(reason);
});
