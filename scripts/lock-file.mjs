/**
 * Whether `npm install` kept to package-lock.json. Compared by meaning, not by bytes: another version of npm may order
 * members differently or drop a flag, and a registry that has every platform adds the optional packages of those.
 * Anything else (another version, another integrity, a package more or less) is a change.
 */

/**
 * @param {object} before the parsed lock that was committed
 * @param {object} after the parsed lock as npm left it
 * @returns {string | undefined} the first change in words, or undefined
 */
export function describeLockChange(before, after) {
  for (const [path, was] of Object.entries(before.packages)) {
    const is = after.packages[path];
    if (!is) return `${path} was removed`;
    for (const member of ['version', 'resolved', 'integrity']) {
      if (was[member] !== is[member]) return `${path || 'the project'}: ${member} ${was[member]} became ${is[member]}`;
    }
  }
  const added = Object.keys(after.packages).find((path) => !before.packages[path] && !after.packages[path].optional);
  return added && `${added} was added`;
}
