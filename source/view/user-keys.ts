/** A user's own keys over those of the key map. Pure. */
import { type ActionId, type Binding, createKeymap, isKeyName, KEYMAP, type Keymap, type KeyName } from './keymap.ts';

/** What is wrong with one entry. */
export interface KeyProblem {
  /** As it stands in the file. Untrusted text. */
  readonly action: string;
  readonly text: string;
}

/** Whatever else a user says, these stay: a screen that cannot be left is a trap. */
const FIXED: Readonly<Partial<Record<ActionId, KeyName>>> = { back: 'escape', suspend: 'ctrl-z', quit: 'ctrl-c' };

/**
 * `entries`: an action's name to a key, a list of keys, or an empty list for none; they take the place of its usual ones.
 * Problems are unknown actions and keys, and a key with two actions.
 */
export function applyUserKeys(
  entries: Readonly<Record<string, unknown>>,
  base: readonly Binding[] = KEYMAP,
): { readonly keymap: Keymap; readonly problems: readonly KeyProblem[] } {
  const problems: KeyProblem[] = [];
  const chosen = new Map<string, readonly KeyName[]>();
  for (const [action, value] of Object.entries(entries)) {
    if (!base.some((binding) => binding.action === action)) {
      problems.push({ action, text: `there is no action "${action}"; there are ${actionNames(base)}` });
      continue;
    }
    const keys = readKeys(value);
    if (typeof keys === 'string') problems.push({ action, text: `${action}: ${keys}` });
    else chosen.set(action, keys);
  }
  const bindings = base.map((binding): Binding => {
    const keys = chosen.get(binding.action);
    if (keys === undefined) return binding;
    const fixed = FIXED[binding.action];
    return { ...binding, keys: [...new Set(fixed === undefined ? keys : [...keys, fixed])] };
  });
  return { keymap: createKeymap(bindings), problems: [...problems, ...conflicts(bindings, chosen)] };
}

function readKeys(value: unknown): readonly KeyName[] | string {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const keys: KeyName[] = [];
  for (const item of list) {
    if (typeof item !== 'string') return 'a key is a text in quotes, or a list of such';
    const key = item === 'space' ? ' ' : item;
    if (!isKeyName(key)) {
      return `there is no key "${item}"; keys are single characters, names such as up, pageup, enter, tab, space, and ctrl-a to ctrl-y`;
    }
    keys.push(key);
  }
  return keys;
}

/** A key with two actions is told at the one that the user gave it. */
function conflicts(bindings: readonly Binding[], chosen: ReadonlyMap<string, unknown>): readonly KeyProblem[] {
  const owners = new Map<KeyName, Binding>();
  const found: KeyProblem[] = [];
  for (const binding of bindings) {
    for (const key of binding.keys) {
      const other = owners.get(key);
      owners.set(key, binding);
      if (other === undefined) continue;
      const [action, taken] = chosen.has(binding.action) ? [binding, other] : [other, binding];
      const advice = chosen.has(taken.action)
        ? ''
        : `; give ${taken.action} another one too, or none: ${taken.action}: []`;
      found.push({
        action: action.action,
        text: `${action.action}: the key "${key}" is already that of ${taken.action}${advice}`,
      });
    }
  }
  return found;
}

function actionNames(base: readonly Binding[]): string {
  return base.map(({ action }) => action).join(', ');
}
