/** Entries of `expect` that divide the hosts of `writeRepository` among them: each set has one slot. */
export function expectationsOf(expectations: number, sets: number): readonly object[] {
  const each = Math.ceil(sets / expectations);
  return Array.from({ length: expectations }, (_, index) => {
    const hosts = Array.from({ length: each }, (__, host) => `host-${index * each + host}`);
    // A third has globs, which are tried for each host.
    const globs = hosts.map((host) => host.replace(/\d$/, "[0-9]"));
    return {
      name: `bench-${index}`,
      hosts: index % 3 === 0 ? [...new Set(globs)] : hosts,
      // Long enough for the snapshots of the bench, which begin in 2025.
      maxAge: "9999d",
    };
  });
}
