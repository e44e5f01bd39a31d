/** Flags that more than one command has. */
import type { Flag } from './command.ts';

/** A machine of the fleet other than this one. */
export function machineFlag(summary: string): Flag {
  return { type: 'string', placeholder: 'ID', summary, defaultText: 'this one, without a router' };
}

export function endpointFlag(summary = 'router to reach other machines by'): Flag {
  return {
    type: 'string',
    placeholder: 'ENDPOINT',
    summary,
    defaultText: 'BUBBALOOP_ZENOH_ENDPOINT, then tcp/127.0.0.1:7447',
  };
}

/** `what`: what is looked for in the folder. */
export function homeFlag(what: string): Flag {
  return {
    type: 'string',
    placeholder: 'DIR',
    summary: `folder of ${what}`,
    defaultText: 'BUBBALOOP_HOME, then ~/.bubbaloop',
  };
}

/** The rule file of `top` and `check`. */
export const RULES_FLAG: Flag = {
  type: 'string',
  placeholder: 'FILE',
  summary: 'what counts as wrong, JSON5',
  defaultText: 'rules.json5 in BUBBALOOP_HOME or ~/.bubbaloop, where there is one',
};
