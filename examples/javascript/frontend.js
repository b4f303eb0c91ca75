// A 111 front end on Kafka: it asks on its own request topic and reads on the public event topic what became of it.
// usage: node frontend.js BROKERS TLS_FOLDER SYSTEM SLOT_ID  (see ../README.md; "plaintext" for a broker without)
const { readFileSync } = require("fs");
const { randomUUID } = require("crypto");
const path = require("path");
const { Kafka, Partitioners, logLevel } = require("kafkajs");
const protobuf = require("protobufjs");

const EVENTS = "bhr.booking.event.v1";
const PROTO = process.env.BHR_PROTO || path.join(__dirname, "../../proto");
const messages = new protobuf.Root();
messages.resolvePath = (_, file) => path.join(PROTO, file);
const files = ["booking/v1/booking_service", "booking/v1/booking_journal", "exchange/v1/exchange"];
messages.loadSync(files.map((name) => `bhr/${name}.proto`));
const typeOf = (name) => messages.lookupType(name);

async function frontEnd(brokers, tls, system) {
  const read = (name) => readFileSync(path.join(tls, name));
  const pem = () => ({ ca: [read("ca.crt")], cert: read(`${system}.crt`), key: read(`${system}.key`) });
  const ssl = tls === "plaintext" ? false : pem();
  const kafka = new Kafka({ clientId: system, brokers: brokers.split(","), ssl, logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  // kafkajs reads committed records only, unless told otherwise: each event exactly once.
  const consumer = kafka.consumer({ groupId: `${system}.frontend-${process.pid}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: EVENTS, fromBeginning: false }); // what happens from now on
  const waiting = new Map(); // correlation id -> who waits
  const isReading = new Promise((ready) => consumer.on(consumer.events.FETCH, ready));
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      const tell = waiting.get(String(message.headers.ce_correlationid));
      if (tell) tell({ type: String(message.headers.ce_type), value: message.value });
    },
  });
  await isReading;

  // The event that tells the outcome. To repeat a request, send the same id and time again.
  async function ask(type, request, requestId, askedAt) {
    const correlationId = randomUUID(); // chosen here; everything that comes of this request carries it
    const outcome = new Promise((resolve, reject) => {
      waiting.set(correlationId, resolve);
      setTimeout(() => reject(new Error("no outcome yet: ask again with the same id")), 30000).unref();
    });
    const headers = { ce_type: type, ce_id: requestId, ce_time: askedAt, ce_correlationid: correlationId };
    const value = typeOf(type).encode(request).finish();
    await producer.send({ topic: `bhr.booking.request.${system}.v1`, messages: [{ value, headers }] });
    return outcome;
  }
  return { ask, end: () => Promise.all([consumer.disconnect(), producer.disconnect()]) };
}

function outcome({ type, value }) {
  if (type === "bhr.booking.v1.SlotBooked") return `booked, number ${typeOf(type).decode(value).bookingId}`;
  if (type !== "bhr.exchange.v1.RequestOutcome") return type;
  const told = typeOf(type).decode(value);
  const answer = typeOf("bhr.booking.v1.BookResponse").decode(told.answer);
  const again = (told.repeatedAnswer ? ", repeated" : "") + (answer.bookingId ? `, number ${answer.bookingId}` : "");
  const others = answer.alternatives.map((slot) => `\n    free instead: ${slot.slotId}`).join("");
  return `${told.outcome}${again}: ${told.message} ${told.detail}${others}`;
}

async function main(brokers, tls, system, slotId) {
  const { ask, end } = await frontEnd(brokers, tls, system);
  const book = "bhr.booking.v1.BookRequest";
  const first = { slotId, person: { nhsNumber: "9999900011", familyName: "Smith" } };
  const second = { slotId, person: { nhsNumber: "9999900038", familyName: "Brown" } };
  const requestId = randomUUID(), askedAt = new Date().toISOString();
  console.log("a booking:", outcome(await ask(book, first, requestId, askedAt)));
  console.log("the same slot for another caller:", outcome(await ask(book, second, randomUUID(), askedAt)));
  console.log("the first request again:", outcome(await ask(book, first, requestId, askedAt)));
  await end();
}

main(...process.argv.slice(2)).catch((error) => { console.error(error.message); process.exit(1); });
