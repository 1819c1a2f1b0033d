import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { explained, quote } from '@dailies/library';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Check, DoctorFolders } from './input.ts';
import { nearestFolder, withProbeFile } from './probe-file.ts';

/** Who we are, and whether each folder can be written: a file is really made and removed. */
export const foldersCheck: Check = {
  name: 'folders',
  async run({ folders, host }) {
    const who =
      host.uid === null
        ? ok('user', 'this system has no user ids')
        : host.uid === 0
          ? warn(
              'user',
              'runs as root (uid 0): rights are not what stops it, and every file that it makes belongs to root.',
              'Run it as the user that owns the recordings; Jibri since stable-11146-1 has uid 1000.',
            )
          : ok('user', `runs as uid ${host.uid}, gid ${host.gid}`);
    const names = Object.keys(folders) as (keyof DoctorFolders)[];
    return [who, ...(await Promise.all(names.map((name) => folderFinding(name, folders[name]))))];
  },
};

async function folderFinding(name: string, folder: string): Promise<Finding> {
  let nearest = folder;
  try {
    nearest = await nearestFolder(folder);
    if (nearest !== folder) {
      await withProbeFile(nearest, async () => undefined);
      const found = `${quote(folder)} is not there yet; it can be made in ${quote(nearest)}.`;
      if (name !== 'recordings') return ok(name, found);
      return warn(name, found, `Make it, or check the path: mkdir -p ${quote(folder)}`);
    }
    if (!(await stat(folder)).isDirectory())
      return fail(name, `${quote(folder)} is no folder.`, `Move the file away, or name another folder.`);
    await withProbeFile(folder, async () => undefined);
    return ok(name, `${quote(folder)}: a file was written and removed`);
  } catch (thrown) {
    const error = explained(thrown, 'write', nearest);
    return fail(name, error.message, 'Do what the line says, then run `dailies doctor` again.');
  }
}

/** Files and folders below the recordings folder that this user cannot process. */
export const recordingsCheck: Check = {
  name: 'recordings',
  async run({ survey, folders, host }) {
    const problems = survey.findings.filter(({ code }) => code === 'PERMISSION_DENIED');
    const locked = problems.slice(0, 3).map(({ reason }) => fail('recordings', reason, 'Do what the line says.'));
    const files = survey.candidates.map(({ file }) => file);
    const unreadable: string[] = [];
    for (const file of files) if (!(await may(file, constants.R_OK))) unreadable.push(file);
    const closed = unreadable
      .slice(0, 3)
      .map((file) =>
        fail(
          'recordings',
          `${quote(file)} cannot be read.`,
          `Let everybody read it: sudo chmod a+r ${quote(file)}; or run Dailies as the user that Jibri runs as.`,
        ),
      );
    const unwritable = await foldersThatCannotBeWritten(files);
    const stuck = unwritable
      .slice(0, 3)
      .map((folder) =>
        fail(
          'recordings',
          `${quote(folder)} cannot be written: the originals in it could be graded, but not moved to ${basename(folders.archived)}/.`,
          `Give this user the right: sudo chown -R ${host.uid ?? 'USER'} ${quote(folder)}`,
        ),
      );
    const shown = [...locked, ...closed, ...stuck];
    const rest = problems.length + unreadable.length + unwritable.length - shown.length;
    const more = rest > 0 ? [fail('recordings', `${rest} more like these.`, 'See above.')] : [];
    if (shown.length > 0) return [...shown, ...more];
    const count = `${survey.candidates.length}${survey.cut ? ' or more' : ''}`;
    return [ok('recordings', `${count} in the folder now, all of them within reach`)];
  },
};

async function foldersThatCannotBeWritten(files: readonly string[]): Promise<string[]> {
  const unwritable: string[] = [];
  for (const folder of new Set(files.map((file) => dirname(file))))
    if (!(await may(folder, constants.W_OK | constants.X_OK))) unwritable.push(folder);
  return unwritable;
}

const may = (path: string, mode: number): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );
