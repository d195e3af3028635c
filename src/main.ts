#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`restic-otel needs Node.js 22.15 or later, this is ${process.version}\n`);
  process.exit(2);
}

// What asks for a reload or a collection before there is anything must not end the process, nor start Node's inspector.
for (const signal of ["SIGHUP", "SIGUSR1"]) process.on(signal, () => {});

// An older one has not what these import.
const [only, ...others] = process.argv.slice(2);
if (only === "--version" && others.length === 0) {
  // Whoever asks for that alone does not wait for everything else.
  const { readBuild, versionLine } = await import("./build.ts");
  process.stdout.write(versionLine(readBuild()));
} else {
  const { start } = await import("./start.ts");
  await start();
}
