/** Rules of fields that several files have. */
import * as v from 'valibot';
import { nodeNameProblem, topicProblem } from '../wire/names.ts';

/** Text that {@link topicProblem} has nothing against. */
export function topic(under: 'node' | 'machine' = 'node') {
  return v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const problem = dataset.typed ? topicProblem(dataset.value, under) : undefined;
      if (problem !== undefined) addIssue({ message: problem });
    }),
  );
}

/** The name of a node. */
export function nodeName() {
  return v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const problem = dataset.typed ? nodeNameProblem(dataset.value) : undefined;
      if (problem !== undefined) addIssue({ message: problem });
    }),
  );
}

/** A finite number from `min` to `max`. */
export function numberBetween(min: number, max: number) {
  return v.pipe(v.number(), v.minValue(min), v.maxValue(max));
}
