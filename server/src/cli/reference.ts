import type { Command } from 'commander';
import { buildProgram } from './program.ts';

/** The reference page of the command line, in Markdown, from commander's definitions: `docs/reference/cli.md`. */
export function renderCliReference(): string {
  const terminal = { write: () => {}, note: () => {}, isWatched: false };
  const program = buildProgram({ terminal, onDone: () => {} });
  const sections = commandsBelow(program, []).map(([names, command]) => section(names, command));
  return `${HEAD}\n${sections.join('\n')}`;
}

const HEAD = `# Command line 命令行

\`guanjia\` works directly on the database: on \`DATABASE_URL\`, else on the embedded one in
\`GUANJIA_DATA_DIR\` (\`./data\`), whether a server runs on it or not. In a checkout it is
\`npx guanjia\`.

\`guanjia\` 直接操作数据库：优先使用 \`DATABASE_URL\`，否则使用 \`GUANJIA_DATA_DIR\`（默认 \`./data\`）
中的内嵌数据库，无论服务是否在运行。在代码目录中以 \`npx guanjia\` 运行。

Every command takes \`--json\` (one JSON document on standard output; amounts as integers of minor units)
and \`--platform <id>\` (which platform; may be left out when there is just one, and \`verify\` then takes them
all). Errors go to standard error, in one line that begins with the error's code, or as a JSON document with \`--json\`.

所有命令均可加 \`--json\`（标准输出为一个 JSON 文档，金额为最小货币单位整数）与 \`--platform <id>\`
（仅有一个平台时可省略；\`verify\` 省略时核对全部平台）。错误写到标准错误输出。

| exit code 退出码 | meaning 含义 |
| --- | --- |
| 0 | done 成功 |
| 1 | not done, or something disagrees 未成功，或核对不一致 |
| 2 | typed wrong 用法有误 |
`;

/** The commands that do something, depth first, in the order of the help. */
function commandsBelow(command: Command, path: readonly string[]): [string[], Command][] {
  return command.commands.flatMap((each): [string[], Command][] => {
    const names = [...path, each.name()];
    return each.commands.length > 0 ? commandsBelow(each, names) : [[names, each]];
  });
}

function section(names: readonly string[], command: Command): string {
  const argumentRows = command.registeredArguments.map(
    (each) =>
      `| \`${each.required ? `<${each.name()}>` : `[${each.name()}]`}\` | ${each.description} |`,
  );
  const optionRows = command.options.map(
    ({ flags, description, defaultValue }) =>
      `| \`${flags}\` | ${description}${defaultText(defaultValue)} |`,
  );
  const rows = [...argumentRows, ...optionRows];
  const lines = [
    `## guanjia ${names.join(' ')}`,
    '',
    command.description(),
    ...(rows.length > 0 ? ['', '| argument | meaning |', '| --- | --- |', ...rows] : []),
    ...examples(command),
    '',
  ];
  return lines.join('\n');
}

function defaultText(value: unknown): string {
  if (value === undefined) return '';
  return ` (default: ${Array.isArray(value) ? value.join(',') : JSON.stringify(value)})`;
}

/** The examples at the end of a command's help. */
function examples(command: Command): string[] {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text), writeErr: () => {} });
  command.outputHelp();
  const [, text] = help.split(/\nExamples?:\n/);
  if (text === undefined) return [];
  const lines = text.trimEnd().split('\n');
  return ['', '```sh', ...lines.map((line) => line.trim()), '```'];
}
