import { describe, expect, it } from 'vitest';
import {
  canonicalKeyExpr,
  keyExprIncludes,
  keyExprIntersects,
  keyExprProblem,
  parseSelector,
} from '../../source/zenoh/key-expr.ts';
import { SessionError } from '../../source/zenoh/session.ts';

describe('canonicalKeyExpr', () => {
  it.each([
    ['a/b', 'a/b'],
    ['a/**/**', 'a/**'],
    ['a/**/*/b', 'a/*/**/b'],
    ['**/*/**', '*/**'],
    ['a/$*/b', 'a/*/b'],
    ['a/b$*$*c', 'a/b$*c'],
    ['@/abc/router', '@/abc/router'],
    ['ünï/çödé', 'ünï/çödé'],
  ])('%s is %s', (text, canonical) => expect(canonicalKeyExpr(text)).toBe(canonical));

  it.each(['', '/a', 'a/', 'a//b', 'a#', 'a?b', 'a/b*', 'a/***', 'a/$b', 'a$', 'a/*b'])('%s is refused', (text) => {
    expect(keyExprProblem(text)).toBeDefined();
    expect(() => canonicalKeyExpr(text)).toThrow(SessionError);
  });

  it('shows a refused text without its control characters', () => {
    expect(() => canonicalKeyExpr('a\u001b]0;x\u0007/')).toThrow(/\\u001b/);
  });
});

describe('keyExprIntersects', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/c', false],
    ['a/*', 'a/b', true],
    ['a/*', 'a', false],
    ['a/*', 'a/b/c', false],
    ['a/**', 'a', true],
    ['a/**', 'a/b/c', true],
    ['a/**/c', 'a/c', true],
    ['a/**/c', 'a/b/b/c', true],
    ['a/**/c', 'a/b/b/d', false],
    ['**', 'a/b', true],
    ['*/**', 'a', true],
    ['a/*/c', '*/b/*', true],
    ['a/**/x', '**/b/x', true],
    ['a/b$*', 'a/bcd', true],
    ['a/b$*', 'a/b', true],
    ['a/b$*', 'a/c', false],
    ['a/b$*d', 'a/$*cd', true],
    ['a/b$*d', 'a/x$*', false],
    ['a/$*b$*', 'a/*', true],
    ['**', '@/x/router', false],
    ['*/x/router', '@/x/router', false],
    ['@/*/router', '@/x/router', true],
    ['@/**', '@/x/router', true],
    ['a/**', 'a/@b/c', false],
    ['a/**/@b/**', 'a/@b/c', true],
    ['@x$*', '@xy', false],
  ])('%s and %s: %s', (left, right, expected) => {
    expect(keyExprIntersects(left, right)).toBe(expected);
    expect(keyExprIntersects(right, left)).toBe(expected);
  });

  it('takes no time for many wild chunks', () => {
    const wild = Array.from({ length: 40 }, () => '**/a').join('/');
    expect(keyExprIntersects(`${wild}/x`, `${'a/'.repeat(200)}y`)).toBe(false);
  });
});

describe('keyExprIncludes', () => {
  it.each([
    ['**', 'a/*', true],
    ['a/*', 'a/b', true],
    ['a/*', 'a/*', true],
    ['a/*', 'a/**', false],
    ['a/**', 'a/*/**', true],
    ['a/**', 'a', true],
    ['*/**', '**', false],
    ['a/b$*', 'a/bc', true],
    ['a/b$*', 'a/*', false],
    ['a/b$*', 'a/b$*c', true],
    ['a/b$*c', 'a/b$*', false],
    ['**', '@/a', false],
    ['@/*/router', '@/a/router', true],
    ['a/b', 'a/*', false],
  ])('%s includes %s: %s', (outer, inner, expected) => expect(keyExprIncludes(outer, inner)).toBe(expected));
});

describe('parseSelector', () => {
  it('splits at the first question mark', () => {
    expect(parseSelector('a/**/**?x=1?2')).toEqual({ keyExpr: 'a/**', parameters: 'x=1?2' });
    expect(parseSelector('a')).toEqual({ keyExpr: 'a', parameters: '' });
  });
});
