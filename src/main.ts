#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`restic-otel needs Node.js 22.19 or later, this is ${process.version}\n`);
  process.exit(2);
}

// Ignore SIGHUP and SIGUSR1 until the handlers are installed: their defaults kill the process or start the inspector.
for (const signal of ["SIGHUP", "SIGUSR1"]) process.on(signal, () => {});

// Import late: older Node.js versions lack APIs that these modules import.
const [only, ...others] = process.argv.slice(2);
if (only === "--version" && others.length === 0) {
  // --version alone does not load the agent.
  const { readBuild, versionLine } = await import("./build.ts");
  process.stdout.write(versionLine(readBuild()));
} else {
  const { start } = await import("./start.ts");
  await start();
}
