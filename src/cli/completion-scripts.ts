// The completion scripts for each shell, from a description of the commands. Descriptions are quoted; names are words.

/** A flag as shells need it. */
export interface CompletedFlag {
  /** `--admin`. */
  readonly name: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** The closed set of values; empty when there is none. */
  readonly choices: readonly string[];
}

/** A command as shells need it. */
export interface CompletedCommand {
  /** `kill`, or `backends set` for one within another. */
  readonly name: string;
  readonly description: string;
  readonly flags: readonly CompletedFlag[];
  /** Closed set of values for the first argument, or the commands within this one. */
  readonly choices: readonly string[];
  /** The arguments are files or directories. */
  readonly files: boolean;
}

/** A completion script for one shell. */
export type CompletionScript = (commands: readonly CompletedCommand[]) => string;

/** Bash 3.2 and later, without the bash-completion package. */
export const bashCompletion: CompletionScript = (
  commands,
) => `# sallyport completion for bash: source <(sallyport completion bash)
_sallyport() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ] && [[ "$current" != -* ]]; then
    COMPREPLY=($(compgen -W "${names(commands)}" -- "$current"))
    return
  fi
  # Without a command it is run.
  case "$command" in -*) command=run ;; esac
  if [ "$COMP_CWORD" -gt 2 ]; then
    case "$command \${COMP_WORDS[2]}" in ${inner(commands).map(shellWord).join("|")}) command="$command \${COMP_WORDS[2]}" ;; esac
  fi
  case "$command $previous" in
${commands.flatMap((command) => command.flags.filter((flag) => flag.takesValue).map((flag) => bashValue(command, flag))).join("\n")}
  esac
  case "$command" in
${commands.map(bashCommand).join("\n")}
  esac
}
complete -o default -F _sallyport sallyport
`;

function bashValue(command: CompletedCommand, flag: CompletedFlag): string {
  const reply = flag.choices.length > 0 ? `-W "${flag.choices.join(" ")}"` : "-f";
  return `    "${command.name} ${flag.name}") COMPREPLY=($(compgen ${reply} -- "$current")); return ;;`;
}

function bashCommand(command: CompletedCommand): string {
  const words = [...command.choices, ...command.flags.map((flag) => flag.name)].join(" ");
  const files = command.files ? " -f" : "";
  return `    ${shellWord(command)}) COMPREPLY=($(compgen -W "${words}"${files} -- "$current")) ;;`;
}

function shellWord({ name }: CompletedCommand): string {
  return `"${name}"`;
}

/** Zsh, through its own completion system. */
export const zshCompletion: CompletionScript = (commands) => `#compdef sallyport
# sallyport completion for zsh: source <(sallyport completion zsh)
_sallyport() {
  local -a commands
  commands=(
${outer(commands)
  .map((command) => `    ${quote(`${command.name}:${command.description}`)}`)
  .join("\n")}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  local command=$words[2]
  if [[ $command == -* ]]; then command=run; else (( CURRENT-- )); shift words; fi
  if (( CURRENT > 2 )); then
    case "$command $words[2]" in ${inner(commands).map(shellWord).join("|")}) command="$command $words[2]"; (( CURRENT-- )); shift words ;; esac
  fi
  case $command in
${commands.map(zshCommand).join("\n")}
  esac
}
compdef _sallyport sallyport
`;

function zshCommand(command: CompletedCommand): string {
  const flags = command.flags.map((flag) => {
    const value = !flag.takesValue
      ? ""
      : flag.choices.length > 0
        ? `:value:(${flag.choices.join(" ")})`
        : ":value:_files";
    return quote(`*${flag.name}[${flag.description.replace(/[[\]:\\]/g, "\\$&")}]${value}`);
  });
  const rest =
    command.choices.length > 0 ? `*:argument:(${command.choices.join(" ")})` : command.files ? "*:file:_files" : "";
  const specs = [...flags, ...(rest === "" ? [] : [quote(rest)])];
  return `    ${shellWord(command)}) _arguments ${specs.join(" ")} ;;`;
}

/** Fish. */
export const fishCompletion: CompletionScript = (commands) => {
  const lines = ["# sallyport completion for fish: sallyport completion fish | source", "complete -c sallyport -f"];
  for (const { name, description, flags, choices, files } of commands) {
    const words = name.split(" ");
    if (words.length === 1) {
      lines.push(`complete -c sallyport -n __fish_use_subcommand -a ${name} -d ${quote(description)}`);
    }
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
    const left = inner(commands).filter((command) => command.name.startsWith(`${name} `));
    for (const command of left) seen.push(`not __fish_seen_subcommand_from ${command.name.slice(name.length + 1)}`);
    const here = `complete -c sallyport -n '${seen.join("; and ")}'`;
    for (const flag of flags) {
      const value = !flag.takesValue ? "" : flag.choices.length > 0 ? ` -x -a '${flag.choices.join(" ")}'` : " -r -F";
      lines.push(`${here} -l ${flag.name.replace(/^--/, "")}${value} -d ${quote(flag.description)}`);
    }
    if (choices.length > 0) lines.push(`${here} -a '${choices.join(" ")}'`);
    if (files) lines.push(`${here} -F`);
  }
  return `${lines.join("\n")}\n`;
};

function names(commands: readonly CompletedCommand[]): string {
  return outer(commands)
    .map((command) => command.name)
    .join(" ");
}

function outer(commands: readonly CompletedCommand[]): readonly CompletedCommand[] {
  return commands.filter(({ name }) => !name.includes(" "));
}

function inner(commands: readonly CompletedCommand[]): readonly CompletedCommand[] {
  return commands.filter(({ name }) => name.includes(" "));
}

/** One word for any of the shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
