/** The scripts for bash and zsh: tables that both read, and what differs. */
import type { Candidates, CommandWords } from './completion-words.ts';

export function bashScript(commands: readonly CommandWords[]): string {
  return [
    '# Completions of bubbaloop for bash. Made by `bubbaloop completion bash`; load it in ~/.bashrc:',
    '#   source <(bubbaloop completion bash)',
    ...tables(commands),
    '_bubbaloop_flags() {',
    '  case $1 in',
    ...commands.map(({ name, flags }) => `    ${name}) offer=${quote(flags.map(({ long }) => long).join(' '))} ;;`),
    '  esac',
    '}',
    `_bubbaloop_commands=${quote(commands.map(({ name }) => name).join(' '))}`,
    BASH,
  ].join('\n');
}

export function zshScript(commands: readonly CommandWords[]): string {
  return [
    '#compdef bubbaloop',
    '# Completions of bubbaloop for zsh. Made by `bubbaloop completion zsh`; load it in ~/.zshrc, after compinit:',
    '#   source <(bubbaloop completion zsh)',
    ...tables(commands),
    '_bubbaloop_flags() {',
    '  case $1 in',
    ...commands.map(({ name, flags }) => {
      const rows = flags.map(({ long, summary }) => quote(`${long}:${summary}`));
      return `    ${name}) described=(${rows.join(' ')}) ;;`;
    }),
    '  esac',
    '}',
    `_bubbaloop_commands=(${commands.map(({ name, summary }) => quote(`${name}:${summary}`)).join(' ')})`,
    ZSH,
  ].join('\n');
}

/** Functions that set `offer`, words, and `kinds`, what has to be asked for. */
function tables(commands: readonly CommandWords[]): string[] {
  return [
    '# What follows the flag $2 of the command $1. Fails where it takes no value.',
    '_bubbaloop_value() {',
    '  case "$1 $2" in',
    ...commands.flatMap(({ name, flags }) =>
      flags.flatMap(({ long, short, value }) => {
        if (value === undefined) return [];
        const patterns = [long, short].flatMap((flag) => (flag === undefined ? [] : [quote(`${name} ${flag}`)]));
        return [`    ${patterns.join('|')}) ${assign(value)} ;;`];
      }),
    ),
    '    *) return 1 ;;',
    '  esac',
    '}',
    '# The operand of the command $1 that comes first, or after $2.',
    '_bubbaloop_operand() {',
    '  case "$1 $2" in',
    ...commands.flatMap(({ name, operands }) =>
      [...operands].map(([after, candidates]) => `    ${quote(`${name} ${after}`)}) ${assign(candidates)} ;;`),
    ),
    '  esac',
    '}',
    '# Names that the fleet gives in time.',
    '_bubbaloop_names() { command bubbaloop completion names "$@" 2>/dev/null </dev/null; }',
  ];
}

function assign({ words, kinds }: Candidates): string {
  return `offer=${quote(words.join(' '))} kinds=${quote(kinds.join(' '))}`;
}

/** For both shells; ! needs nothing within single quotes in a script. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What has been typed, word by word, as far as it decides what may follow: in both shells' language. */
const READ_WORDS = `\
  for word in "\${typed[@]}"; do
    if [[ -n $flag ]]; then
      case $flag in
        --machine) names+=(--machine "$word") ;;
        --endpoint) names+=(--endpoint "$word") ;;
        --home) names+=(--home "$word") ;;
      esac
      flag=
      continue
    fi
    case $word in
      --machine=*|--endpoint=*|--home=*) names+=("$word") ;;
      -*) if _bubbaloop_value "$command" "$word"; then flag=$word; fi ;;
      *)
        if [[ -z $command ]]; then command=$word
        elif [[ -z $first ]]; then first=$word
        else more=yes
        fi ;;
    esac
  done
  offer= kinds=`;

const BASH = `\
# Names of files may have blanks; bash 3 has no mapfile.
_bubbaloop_take() {
  local line
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$@")
}
_bubbaloop() {
  local line=\${COMP_LINE:0:COMP_POINT} typed current word command= first= more= flag= offer= kinds= kind
  local -a names=()
  # Not COMP_WORDS: it is cut at every colon, of which endpoints have one.
  read -ra typed <<<"$line"
  current=
  if [[ $line != *[[:space:]] ]]; then
    current=\${typed[\${#typed[@]}-1]}
    typed=("\${typed[@]:0:\${#typed[@]}-1}")
  fi
  typed=("\${typed[@]:1}")
${READ_WORDS}
  if [[ -z $flag && $current == --*=* ]]; then
    flag=\${current%%=*}
    current=\${current#*=}
  fi
  COMPREPLY=()
  if [[ -n $flag ]]; then _bubbaloop_value "$command" "$flag"
  elif [[ -z $command ]]; then offer="$_bubbaloop_commands --help --version"
  elif [[ $current == -* ]]; then _bubbaloop_flags "$command"
  elif [[ -z $more ]]; then _bubbaloop_operand "$command" "$first"
  fi
  for kind in $kinds; do
    case $kind in
      file) compopt -o filenames 2>/dev/null; _bubbaloop_take -f -- "$current" ;;
      folder) compopt -o filenames 2>/dev/null; _bubbaloop_take -d -- "$current" ;;
      *) offer+=" $(_bubbaloop_names "$kind" "\${names[@]}")" ;;
    esac
  done
  _bubbaloop_take -W "$offer" -- "$current"
}
complete -F _bubbaloop bubbaloop
`;

const ZSH = `\
_bubbaloop() {
  local word command= first= more= flag= offer= kinds= kind
  local -a typed names described
  typed=("\${(@)words[2,CURRENT-1]}")
${READ_WORDS}
  if [[ -z $flag && $PREFIX == --*=* ]]; then
    flag=\${PREFIX%%=*}
    compset -P '*='
  fi
  if [[ -n $flag ]]; then _bubbaloop_value "$command" "$flag"
  elif [[ -z $command ]]; then described=("\${_bubbaloop_commands[@]}")
  elif [[ $PREFIX == -* ]]; then _bubbaloop_flags "$command"
  elif [[ -z $more ]]; then _bubbaloop_operand "$command" "$first"
  fi
  for kind in \${=kinds}; do
    case $kind in
      file) _files ;;
      folder) _files -/ ;;
      *) offer+=" $(_bubbaloop_names "$kind" "\${names[@]}")" ;;
    esac
  done
  if (( \${#described} )); then _describe 'bubbaloop' described; fi
  compadd -- \${=offer}
}
compdef _bubbaloop bubbaloop
`;
