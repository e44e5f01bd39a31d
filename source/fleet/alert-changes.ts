/** Alerts that came and went, as entries of the timeline. */
import type { Alert, Alerts } from './alert.ts';
import type { Change, Subject } from './changes.ts';

/** Alerts that came and went. */
export function alertChanges(before: Alerts, after: Alerts, words: (alert: Alert) => string): readonly Change[] {
  if (before.active === after.active) return [];
  const known = new Set(before.active.map((alert) => alert.key));
  const now = new Set(after.active.map((alert) => alert.key));
  const raised = after.active.filter((alert) => !known.has(alert.key));
  const cleared = before.active.filter((alert) => !now.has(alert.key));
  return [
    ...cleared.map(
      (alert): Change => ({
        kind: 'alert',
        tone: 'good',
        subject: alert.subject,
        text: `over: ${alert.when}`,
        about: subjectOfAlert(alert),
      }),
    ),
    ...raised.map(
      (alert): Change => ({
        kind: 'alert',
        tone: alert.severity,
        subject: alert.subject,
        text: `${alert.when}: ${withoutSubject(words(alert), alert.subject)}`,
        about: subjectOfAlert(alert),
      }),
    ),
  ];
}

/** It has a column of its own, and the room for the words is short. */
function withoutSubject(words: string, subject: string): string {
  if (subject === '' || !words.startsWith(subject)) return words;
  const rest = words.slice(subject.length);
  return /^:? /.test(rest) ? rest.replace(/^:? /, '') : words;
}

export function subjectOfAlert({ machine, node, router }: Alert): Subject {
  return { machine: machine?.id, node: node?.name, router: router?.zid };
}
