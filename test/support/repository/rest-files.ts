import { basename } from "node:path";

import { FOLDERS } from "../backends/backend-suite.ts";
import type { Fault } from "../http/fault-server.ts";
import type { RepositoryFiles } from "./sealed-repository.ts";

const VERSION_2 = "application/vnd.x.restic.rest.v2";

/** Answers as a restic REST server that has these files below `root`, which ends with a slash. */
export function restFiles(files: RepositoryFiles, version: 1 | 2, root = "/"): Fault {
  const listing = (folder: string): readonly { name: string; size: number }[] =>
    [...files]
      .filter(([path]) => path.startsWith(folder))
      .map(([path, { length }]) => ({ name: basename(path), size: length }));

  return ({ method, url = "", headers }, response) => {
    const path = url.startsWith(root) ? url.slice(root.length) : "nothing";
    const file = files.get(path.replace(/^data\/(..)/, "data/$1/$1"));
    if (method !== "GET") {
      response.writeHead(405).end();
    } else if (file) {
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(file);
    } else if (FOLDERS.some((folder) => path === `${folder}/`)) {
      const entries = listing(path);
      const asks2 = headers.accept === VERSION_2;
      const two = version === 2 && asks2;
      response.writeHead(200, { "content-type": two ? VERSION_2 : "application/json" });
      response.end(JSON.stringify(two ? entries : entries.map(({ name }) => name)));
    } else {
      response.writeHead(404).end();
    }
  };
}
