import { quote } from '@dailies/library';
import { type Finding, ok, warn } from './finding.ts';
import type { Check, DoctorInput } from './input.ts';
import { nearestFolder } from './probe-file.ts';

const ENFORCE = '/sys/fs/selinux/enforce';
const OWN_CONTEXT = '/proc/self/attr/current';

/** Types that a container may write. */
const CONTAINER_TYPES: ReadonlySet<string> = new Set(['container_file_t', 'svirt_sandbox_file_t']);

/** Whether SELinux lets a container write the folders: their label has to be that of container files. */
export const selinuxCheck: Check = {
  name: 'SELinux',
  async run({ folders, host }) {
    const context = (await host.readText(OWN_CONTEXT))?.replaceAll('\0', '').trim() ?? '';
    const enforcing = (await host.readText(ENFORCE))?.trim() === '1';
    // Docker hides /sys/fs/selinux from containers; the context of the process tells all the same.
    const confined = /:container(?:_\w+)?_t:/.test(context);
    if (!enforcing && !confined) return [ok('SELinux', 'not enforcing here')];
    const findings: Finding[] = [];
    for (const folder of new Set(Object.values(folders))) {
      const problem = await labelProblem(folder, context, { host, confined });
      if (problem) findings.push(problem);
    }
    return findings.length > 0 ? findings : [ok('SELinux', 'enforcing; the folders may be written by containers')];
  },
};

async function labelProblem(
  folder: string,
  context: string,
  { host, confined }: Pick<DoctorInput, 'host'> & { confined: boolean },
): Promise<Finding | null> {
  const label = await host.label(await nearestFolder(folder));
  if (label === null) return warn('SELinux', `enforcing, and the label of ${quote(folder)} cannot be read.`, MOUNT);
  const [, , type = '', ...level] = label.split(':');
  if (!CONTAINER_TYPES.has(type))
    return warn('SELinux', `${quote(folder)} has the type ${type}: containers are not let in.`, MOUNT);
  const categories = categoriesOf(level.join(':'));
  const own = categoriesOf(context.split(':').slice(3).join(':'));
  if (confined && categories !== '' && categories !== own) {
    return warn(
      'SELinux',
      `${quote(folder)} has the categories ${categories}, and we have ${own || 'none'}: another container has mounted it for itself alone (:Z).`,
      'Mount it with :z (small) in all containers, also in Jibri’s; docker-jitsi-meet uses :Z, so its volume has to be redefined.',
    );
  }
  return null;
}

const MOUNT = 'In containers mount it with :z at its end, such as /srv/recordings:/recordings:z, in all of them.';

/** `s0:c1,c2` → `c1,c2`. */
function categoriesOf(level: string): string {
  return level.split(':').slice(1).join(':');
}
