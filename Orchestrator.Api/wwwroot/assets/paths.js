// Paths in a runner. Those below its home are relative and begin with a point, so that no name in them is taken for another.

export const HOME = '.';

/** The path of a name in a folder. */
export const join = (folder, name) => (folder === '/' ? `/${name}` : `${folder}/${name}`);

/** The last name of a path. */
export const nameOf = path => path.slice(path.lastIndexOf('/') + 1);

/** A folder's parents and itself as [name, path], from its root or home. */
export function trail(folder) {
  const names = folder.split('/').filter(name => name && name !== HOME);
  const base = folder.startsWith('/') ? '' : HOME;
  return names.map((name, at) => [name, [base, ...names.slice(0, at + 1)].join('/')]);
}
