import { expect, test } from "vitest";

import {
  MalformedPacket,
  packet,
  PacketReader,
  u32,
} from "../../../instrumentation/backends/sftp/packet.ts";

const PACKETS = Buffer.concat([
  packet(2, u32(3)),
  packet(101),
  packet(103, Buffer.alloc(300, "x")),
]);

test.for([1, 2, 3, 4, 5, 7, 100, 1000])("packets in chunks of %i bytes", (size) => {
  const reader = new PacketReader();
  const packets = [];
  for (let at = 0; at < PACKETS.length; at += size)
    packets.push(...reader.read(PACKETS.subarray(at, at + size)));
  expect(packets.map(({ type, bytes }) => [type, bytes])).toEqual([
    [2, 9],
    [101, 5],
    [103, 305],
  ]);
  expect(packets[0]?.body.u32()).toBe(3);
});

test("the text that a login shell prints is in the error", () => {
  const read = (text: string): unknown => [...new PacketReader().read(Buffer.from(text))];
  expect(() => read("Welcome to the host\n")).toThrow(new MalformedPacket("Welcome to the host\n"));
  expect(() => read("\0\0\0\0")).toThrow(MalformedPacket);
});
