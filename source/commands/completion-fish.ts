/** The script for fish: one line for each thing that may be typed. */
import type { Candidates, CommandWords } from './completion-words.ts';

export function fishScript(commands: readonly CommandWords[]): string {
  const valued = commands.flatMap(({ name, flags }) =>
    flags.flatMap(({ long, short, value }) =>
      value === undefined ? [] : [long, short].flatMap((flag) => (flag === undefined ? [] : [`${name} ${flag}`])),
    ),
  );
  return [
    '# Completions of bubbaloop for fish. Made by `bubbaloop completion fish`; load it in config.fish:',
    '#   bubbaloop completion fish | source',
    `set -g __bubbaloop_valued ${valued.map(quote).join(' ')}`,
    FUNCTIONS,
    'complete -c bubbaloop -f',
    ...commands.flatMap(commandLines),
    '',
  ].join('\n');
}

function commandLines({ name, summary, flags, operands }: CommandWords): string[] {
  return [
    `complete -c bubbaloop -n __bubbaloop_at -a ${name} -d ${quote(summary)}`,
    ...[...operands].flatMap(([after, candidates]) => {
      const condition = quote(after === '' ? `__bubbaloop_at ${name}` : `__bubbaloop_at ${name} ${after}`);
      const values = offered(candidates);
      return values === '' ? [] : [`complete -c bubbaloop -n ${condition}${values}`];
    }),
    ...flags.map(({ long, short, summary: about, value }) => {
      const names = `-l ${long.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}`;
      const values = value === undefined ? '' : ` -x${offered(value)}`;
      return `complete -c bubbaloop -n ${quote(`__bubbaloop_in ${name}`)} ${names}${values} -d ${quote(about)}`;
    }),
  ];
}

/** The options of `complete` that give them, empty where there are none. */
function offered({ words, kinds }: Candidates): string {
  const asked = kinds.map((kind) => {
    if (kind === 'file') return '(__fish_complete_path (commandline -ct))';
    return kind === 'folder' ? '(__fish_complete_directories (commandline -ct))' : `(__bubbaloop_names ${kind})`;
  });
  const all = [...words, ...asked].join(' ');
  return all === '' ? '' : ` -a ${quote(all)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

const FUNCTIONS = `\
# The command and the operands typed so far, one a line; what they are asked with stands in __bubbaloop_asked.
function __bubbaloop_typed
    set -g __bubbaloop_asked
    set -l typed
    set -l flag
    for word in (commandline -opc)[2..-1]
        if test -n "$flag"
            contains -- $flag --machine --endpoint --home
            and set -ga __bubbaloop_asked $flag $word
            set flag
            continue
        end
        switch $word
            case '--machine=*' '--endpoint=*' '--home=*'
                set -ga __bubbaloop_asked $word
            case '-*'
                set -q typed[1]
                and contains -- "$typed[1] $word" $__bubbaloop_valued
                and set flag $word
            case '*'
                set -a typed $word
        end
    end
    string join \\n -- $typed
end
# Whether exactly these have been typed.
function __bubbaloop_at
    set -l typed (__bubbaloop_typed)
    test "$typed" = "$argv"
end
function __bubbaloop_in
    set -l typed (__bubbaloop_typed)
    test "$typed[1]" = "$argv[1]"
end
# Names that the fleet gives in time.
function __bubbaloop_names
    __bubbaloop_typed >/dev/null
    command bubbaloop completion names $argv $__bubbaloop_asked 2>/dev/null </dev/null
end`;
