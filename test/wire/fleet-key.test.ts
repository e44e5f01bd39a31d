import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { FleetKey } from '../../source/wire/fleet-key.ts';

const key = FleetKey.generate();
const text = key.reveal();

function reason(given: string): string {
  const parsed = FleetKey.parse(given);
  if (parsed.ok) throw new Error(`${given} was taken`);
  return parsed.reason;
}

it('reads what it prints, whatever blanks and capitals are in it', () => {
  expect(text).toMatch(/^bfk1_[0-9a-f]{72}$/);
  for (const form of [text, ` ${text}\n`, text.toUpperCase(), text.replace(/(.{20})/g, '$1\r\n')]) {
    const parsed = FleetKey.parse(form);
    expect(parsed.ok && parsed.value.reveal()).toBe(text);
    expect(parsed.ok && parsed.value.fingerprint).toBe(key.fingerprint);
  }
});

it('tells every single mistyped digit, and every two neighbours that changed places', () => {
  for (let at = 5; at < text.length; at += 1) {
    const digit = text[at] === '0' ? '1' : '0';
    expect(reason(text.slice(0, at) + digit + text.slice(at + 1))).toContain('checksum');
    const [left = '', right = ''] = text.slice(at, at + 2);
    if (left !== right && right !== '') {
      expect(reason(text.slice(0, at) + right + left + text.slice(at + 2))).toContain('checksum');
    }
  }
});

it.each([
  ['', 'it is empty'],
  [text.slice(0, -1), 'it has 71 digits, a key has 72'],
  [`${text}0`, 'it has 73 digits'],
  ['bb_00000000000000000000000000000000', 'does not begin with bfk1_'],
  [text.replace(/.$/, 'g'), 'no hexadecimal digits'],
])('says what is wrong with %j, and does not repeat it', (given, expected) => {
  expect(reason(given)).toContain(expected);
  expect(reason(given)).not.toContain(text.slice(6, 20));
});

it('shows its secret to nobody who did not ask for it', () => {
  const secret = text.slice(5, 69);
  for (const shown of [inspect(key, { showHidden: true, depth: 9 }), JSON.stringify(key), String(key)]) {
    expect(shown).not.toContain(secret.slice(0, 8));
  }
  expect(FleetKey.generate().fingerprint).not.toBe(key.fingerprint);
});
