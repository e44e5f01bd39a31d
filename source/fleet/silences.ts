/** What a rule file wants to hear nothing of. */
import type { Alert } from './alert.ts';
import { routerLabel } from './conditions.ts';
import { compilePatterns, type Silence } from './rules.ts';

export function compileSilences(silences: readonly Silence[]): (alert: Alert, nowMs: number) => boolean {
  const compiled = silences.map((silence) => ({
    silence,
    machine: compilePatterns(silence.machine),
    node: compilePatterns(silence.node),
    router: compilePatterns(silence.router),
  }));
  return (alert, nowMs) =>
    compiled.some(({ silence, machine, node, router }) => {
      if (silence.untilMs !== undefined && nowMs >= silence.untilMs) return false;
      if (silence.when !== undefined && !silence.when.some((when) => when === alert.when)) return false;
      // A pattern for what the alert is not about does not fit it.
      if (silence.machine !== undefined && !(alert.machine !== undefined && machine(alert.machine.id))) return false;
      if (silence.node !== undefined && !(alert.node !== undefined && node(alert.node.name))) return false;
      return silence.router === undefined || (alert.router !== undefined && router(routerLabel(alert.router)));
    });
}
