// Serves a folder with ipx from several processes: node ipx_server.mjs NODE_MODULES_PARENT FOLDER PORT PROCESSES
import cluster from "node:cluster";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [parent, folder, port, processes] = process.argv.slice(2);
if (cluster.isPrimary) {
  for (let i = 0; i < Number(processes); i++) cluster.fork();
} else {
  const { createIPX, createIPXNodeServer, ipxFSStorage } = createRequire(parent + "/")("ipx");
  const ipx = createIPX({ storage: ipxFSStorage({ dir: folder }) });
  createServer(createIPXNodeServer(ipx)).listen(Number(port), "127.0.0.1");
}
