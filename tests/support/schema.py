"""The messages of proto/ for Python programs, compiled with protoc when needed: Schema()("bhr.booking.v1.BookRequest").
ImportError when python3-protobuf is missing."""
import os
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTO = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "proto")


class Schema:
    def __init__(self):
        files = sorted(os.path.relpath(os.path.join(folder, name), PROTO)
                       for folder, _, names in os.walk(PROTO) for name in names if name.endswith(".proto"))
        with tempfile.NamedTemporaryFile() as out:
            subprocess.run(["protoc", "-I", PROTO, "--descriptor_set_out", out.name, *files], check=True)
            described = descriptor_pb2.FileDescriptorSet.FromString(out.read())
        self.pool = descriptor_pool.DescriptorPool()
        for file in described.file:
            self.pool.Add(file)
        self.factory = message_factory.MessageFactory(self.pool)

    def __call__(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))
