/**
 * A command line in namespaces of its own, as root: what the tests and benches with real machines run in, so that no
 * packet, mount or process of theirs can reach or outlive the host.
 */

/**
 * Own network, mounts and processes. The shell only prepares them; the command line reaches it as arguments.
 * When we end, `--kill-child` ends everything within.
 */
export function isolated(command: readonly string[]): string[] {
  const prepare = [
    'mount --make-rprivate /',
    // Named namespaces, sockets, locks of a cloud: all below /run, none of them the host's.
    'mount -t tmpfs none /run',
    'mkdir -p /run/netns /run/brume /run/lock',
    'ip link set lo up',
    // The shell stays the first process: it takes in what daemons leave behind, which otherwise never ends.
    '"$@"; exit $?',
  ].join(' && ')
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  return ['unshare', ...namespaces, 'sh', '-c', prepare, 'sh', ...command]
}
