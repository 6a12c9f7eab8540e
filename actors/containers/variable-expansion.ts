// `$(NAME)` in commands, arguments and variables, with Kubernetes' rules. Pure.

/**
 * `$(NAME)` becomes the value where `NAME` is known and stays as it is where not; `$$` becomes `$`,
 * so that `$$(NAME)` is how to write `$(NAME)`; any other `$` is itself.
 */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(variables, name) ? variables[name]! : match;
  });
}
