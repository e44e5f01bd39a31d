/** What the Topics pane knew while it was shown, as parts of a recording's steps, and back. */
import * as v from 'valibot';
import { compareNames } from './compare-names.ts';
import { readTopic, type TopicsChange } from './recording-schema.ts';
import { machineOfKey, NO_TOPICS, type RecordedLook, type Topic, type TopicsView, unmeasuredReason } from './topics.ts';

/** What a recording holds of keys at one moment; `view.recorded` is always there. */
export type RecordedTopics = TopicsView & { readonly recorded: RecordedLook };

export const NOTHING_RECORDED: RecordedTopics = {
  ...NO_TOPICS,
  recorded: { isShown: false, shownAtMs: Number.NEGATIVE_INFINITY, leftOutKeys: 0 },
};

/** How much of the keys is kept, from all that are known to none: each is less than the one before. */
export const TOPICS_SHARES = ['all', 'measured', 'none'] as const;

export type TopicsShare = (typeof TOPICS_SHARES)[number];

/** What of a live view is kept of it. */
export function topicsToRecord(
  view: TopicsView,
  look: Omit<RecordedLook, 'leftOutKeys'>,
  share: TopicsShare,
): RecordedTopics {
  const topics =
    share === 'all' ? view.topics : view.topics.filter(({ figures }) => share === 'measured' && figures !== undefined);
  return { ...view, topics, recorded: { ...look, leftOutKeys: view.topics.length - topics.length } };
}

const VIEW_FIELDS = [
  'phase',
  'unaskedRouters',
  'leftOutPages',
  'isCut',
  'spentBytesPerSecond',
  'budgetBytesPerSecond',
  'heldBackCount',
] as const satisfies readonly (keyof TopicsView)[];
const LOOK_FIELDS = ['isShown', 'shownAtMs', 'leftOutKeys'] as const satisfies readonly (keyof RecordedLook)[];

/** Keys in one step: larger ones would meet the limits of the decoder. */
const KEYS_A_CHANGE = 500;

/** What leads from one view to the other; none where they are the same. */
export function topicChanges(before: RecordedTopics, after: RecordedTopics): readonly TopicsChange[] {
  if (before === after) return [];
  const change: Record<string, unknown> = {};
  for (const field of VIEW_FIELDS) if (before[field] !== after[field]) change[field] = rounded(after[field]);
  for (const field of LOOK_FIELDS) {
    const value = after.recorded[field];
    if (before.recorded[field] !== value && Number.isFinite(Number(value))) change[field] = value;
  }
  const keys = before.topics === after.topics ? [] : keyChanges(before.topics, after.topics);
  const changes: TopicsChange[] = [];
  for (let index = 0; index < keys.length; index += KEYS_A_CHANGE) {
    changes.push({ ...(index === 0 ? change : {}), keys: keys.slice(index, index + KEYS_A_CHANGE) });
  }
  if (keys.length === 0 && Object.keys(change).length > 0) changes.push(change);
  return changes;
}

type KeyChange = NonNullable<TopicsChange['keys']>[number];

function keyChanges(before: readonly Topic[], after: readonly Topic[]): readonly KeyChange[] {
  const known = new Map(before.map((topic) => [topic.keyExpr, topic]));
  const changes: KeyChange[] = [];
  for (const topic of after) {
    const old = known.get(topic.keyExpr);
    known.delete(topic.keyExpr);
    if (old === topic) continue;
    const fields: Record<string, unknown> = {};
    for (const field of ['publishers', 'subscribers'] as const) {
      if (old?.[field] !== topic[field]) fields[field] = topic[field];
    }
    if (old?.figures !== topic.figures) fields.figures = topic.figures === undefined ? null : roundedAll(topic.figures);
    changes.push([topic.keyExpr, fields]);
  }
  for (const keyExpr of known.keys()) changes.push([keyExpr, null]);
  return changes;
}

/** More digits than a screen shows would only fill the file; times, which are whole, keep all of theirs. */
function rounded(value: unknown): unknown {
  return typeof value !== 'number' || Number.isInteger(value) ? value : Number(value.toPrecision(4));
}

function roundedAll(figures: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(figures).map(([field, value]) => [field, rounded(value)]));
}

/** Keys as a recording tells them, one step after another. What has not changed stays the same object. */
export class TopicTable {
  readonly #topics: Map<string, Topic>;
  #view: RecordedTopics;
  /** Whether the list of the view is another one. */
  #isChanged = false;
  /** Whether a key came or went. */
  #isUnordered = false;

  constructor(view: RecordedTopics = NOTHING_RECORDED) {
    this.#topics = new Map(view.topics.map((topic) => [topic.keyExpr, topic]));
    this.#view = view;
  }

  /** False where a key could not be read; the others count all the same. */
  apply({ keys = [], ...change }: TopicsChange): boolean {
    const { isShown, shownAtMs, leftOutKeys, ...fields } = change;
    const look = definedOf({ isShown, shownAtMs, leftOutKeys });
    this.#view = { ...this.#view, ...definedOf(fields), recorded: { ...this.#view.recorded, ...look } };
    let isGood = true;
    for (const [keyExpr, topicFields] of keys) isGood = this.#applyKey(keyExpr, topicFields) && isGood;
    return isGood;
  }

  /** The same object as long as nothing is applied. */
  view(): RecordedTopics {
    if (this.#isChanged) {
      const topics = this.#isUnordered
        ? [...this.#topics.values()].sort(byMachineAndKey)
        : this.#view.topics.map((topic) => this.#topics.get(topic.keyExpr) ?? topic);
      this.#view = { ...this.#view, topics };
      this.#isChanged = false;
      this.#isUnordered = false;
    }
    return this.#view;
  }

  #applyKey(keyExpr: string, fields: Readonly<Record<string, unknown>> | null): boolean {
    const old = this.#topics.get(keyExpr);
    this.#isChanged = true;
    if (fields === null) {
      this.#topics.delete(keyExpr);
      this.#isUnordered = true;
      return true;
    }
    try {
      const { publishers, subscribers, figures } = { publishers: [], subscribers: [], ...old, ...fields };
      const read = readTopic({ publishers, subscribers, figures: figures ?? undefined });
      this.#topics.set(keyExpr, {
        keyExpr,
        machine: machineOfKey(keyExpr),
        unmeasured: unmeasuredReason(keyExpr),
        ...read,
      });
    } catch (error) {
      if (!(error instanceof v.ValiError)) throw error;
      return false;
    }
    if (old === undefined) this.#isUnordered = true;
    return true;
  }
}

/** Without what is undefined, which would hide what was known. */
function definedOf<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Partial<T>;
}

function byMachineAndKey(a: Topic, b: Topic): number {
  return compareNames(a.machine, b.machine) || compareNames(a.keyExpr, b.keyExpr);
}
