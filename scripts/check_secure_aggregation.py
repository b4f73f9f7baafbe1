#!/usr/bin/env python3
"""A second implementation of docs/SECURE-AGGREGATION.md, on the package `cryptography`: every byte of every message.

    check_secure_aggregation.py --write     makes Tests/SecureAggregationTests/Fixtures/transcripts.json, which a Swift test reads
    check_secure_aggregation.py --compare   fails when that file is not what this program makes
    check_secure_aggregation.py FILE        checks transcripts that the Swift test has written
"""
import json
import pathlib
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FIXTURE = pathlib.Path(__file__).resolve().parent.parent / "Tests/SecureAggregationTests/Fixtures/transcripts.json"
PRIME = 2**61 - 1
(CLIENT, SEALING_KEY, MASK_KEY, SEED, COEFFICIENTS, SEALING, PAIR_MASK, SELF_MASK, COMMITMENT, SIGNATURE,
 SIGNING_KEY) = range(1, 12)


def sha256(data):
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize()


def derive(count, secret, info, salt=None):
    return HKDF(hashes.SHA256(), count, salt, info).derive(secret)


class Stream:
    """AES-128 in counter mode: 16 bytes of key, 16 of the first counter."""

    def __init__(self, key):
        self.encryptor = Cipher(algorithms.AES(key[:16]), modes.CTR(key[16:])).encryptor()

    def draw(self, count):
        return self.encryptor.update(bytes(count))


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Sharing:
    """Shamir's shares of 32 bytes, as five numbers of 52 bits over the field of 2^61 - 1."""

    def __init__(self, secret, threshold, stream):
        number = int.from_bytes(secret, "little")
        words = list(struct.unpack(f"<{5 * threshold}Q", stream.draw(40 * threshold)))
        for i in range(5, len(words)):
            words[i] &= PRIME
            assert words[i] != PRIME, "once in 2^61 times: choose another seed"
        words[:5] = [number >> 52 * i & (2**52 - 1) for i in range(5)]
        self.polynomials = [words[i::5] for i in range(5)]

    def at(self, point):
        values = [sum(c * pow(point, d, PRIME) for d, c in enumerate(p)) % PRIME for p in self.polynomials]
        return struct.pack("<5Q", *values)

    @staticmethod
    def secret(shares):
        """The secret of a table from points to shares."""
        number = 0
        for limb in range(5):
            value = 0
            for x, share in shares.items():
                factor = 1
                for other in shares:
                    if other != x:
                        factor = factor * -other * pow(x - other, -1, PRIME) % PRIME
                value += factor * struct.unpack_from("<Q", share, 8 * limb)[0]
            number |= value % PRIME << 52 * limb
        return number.to_bytes(32, "little")


class Round:
    def __init__(self, t):
        self.n, self.k, self.t = t["clients"], t["degree"], t["threshold"]
        self.m, self.value_bits, self.weight_bits, self.bits = t["length"], t["valueBits"], t["weightBits"], t["bits"]
        self.signers = [bytes.fromhex(key) for key in t["signers"]]
        identities = b"".join(Ed25519PrivateKey.from_private_bytes(k).public_key().public_bytes_raw() for k in self.signers)
        text = b"fedmpi secure aggregation 1"
        for part in (bytes.fromhex(t["run"]), bytes.fromhex(t["randomness"]), identities):
            text += struct.pack("<Q", len(part)) + part
        numbers = (t["round"], t["attempt"], self.n, self.k, self.t, int(bool(self.signers)), self.m)
        text += struct.pack("<10q", *numbers, self.value_bits, self.weight_bits, self.bits)
        self.identity = sha256(text)
        self.place(bytes.fromhex(t["randomness"]))

    def place(self, randomness):
        key = sha256(b"fedmpi sharing graph" + randomness)
        stream = Cipher(algorithms.ChaCha20(key, bytes(16)), None).encryptor()
        self.order = list(range(self.n))
        for i in range(self.n - 1, 0, -1):
            most = 2**64 - 1
            end = most - most % (i + 1)
            while (word := struct.unpack("<Q", stream.update(bytes(8)))[0]) >= end:
                pass
            j = word % (i + 1)
            self.order[i], self.order[j] = self.order[j], self.order[i]

    def neighbours(self, client):
        if self.k == self.n - 1:
            return [c for c in range(self.n) if c != client]
        place = self.order.index(client)
        return sorted(self.order[(place + d) % self.n] for d in range(-self.k // 2, self.k // 2 + 1) if d)

    def info(self, purpose, first, second=0):
        return self.identity + struct.pack("<3I", purpose, first, second)

    def message(self, kind, client, count, body):
        head = b"FMSA" + struct.pack("<I", kind) + self.identity[:16] + struct.pack("<2I", client, count)
        checksum = crc32c(head + bytes(8) + body)
        return head + struct.pack("<2I", checksum, 0) + body

    def list(self, kind, client, entries, preface=b""):
        body = preface + b"".join(struct.pack("<I", c) + content for c, content in sorted(entries))
        return self.message(kind, client, len(entries), body)


class Client:
    def __init__(self, round, number, master):
        self.round, self.number = round, number
        secret = derive(32, master, round.info(CLIENT, number))
        self.sealing = X25519PrivateKey.from_private_bytes(derive(32, secret, round.info(SEALING_KEY, number)))
        self.mask_bytes = derive(32, secret, round.info(MASK_KEY, number))
        self.mask = X25519PrivateKey.from_private_bytes(self.mask_bytes)
        self.seed = derive(32, secret, round.info(SEED, number))
        stream = Stream(derive(32, secret, round.info(COEFFICIENTS, number)))
        self.seed_sharing = Sharing(self.seed, round.t, stream)
        self.key_sharing = Sharing(self.mask_bytes, round.t, stream)
        self.keys = self.sealing.public_key().public_bytes_raw() + self.mask.public_key().public_bytes_raw()
        if round.signers:
            signer = Ed25519PrivateKey.from_private_bytes(round.signers[number])
            self.keys += signer.sign(round.info(SIGNATURE, number) + self.keys)

    def shares_for(self, holder):
        return self.seed_sharing.at(holder + 1) + self.key_sharing.at(holder + 1)

    def sealed_for(self, peer):
        info = self.round.info(SEALING, self.number, peer.number)
        agreed = self.sealing.exchange(X25519PublicKey.from_public_bytes(peer.keys[:32]))
        return AESGCM(derive(32, agreed, info)).encrypt(bytes(12), self.shares_for(peer.number), info)

    def mask_words(self, key):
        size, form = (4, "I") if self.round.bits <= 32 else (8, "Q")
        return struct.unpack(f"<{self.round.m}{form}", Stream(key).draw(self.round.m * size))

    def masked(self, vector, peers):
        own = self.mask_words(derive(32, self.seed, self.round.info(SELF_MASK, self.number)))
        sums = [x + mask for x, mask in zip(vector, own)]
        for peer in peers:
            agreed = self.mask.exchange(X25519PublicKey.from_public_bytes(peer.keys[32:64]))
            info = self.round.info(PAIR_MASK, min(self.number, peer.number), max(self.number, peer.number))
            sign = -1 if self.number > peer.number else 1
            sums = [x + sign * mask for x, mask in zip(sums, self.mask_words(derive(32, agreed, info)))]
        return sums


def transcript(settings):
    """The SHA-256 of all messages of a round, in which `dropped` send shares and no vector."""
    t = dict(settings)
    round = Round(t)
    master = bytes.fromhex(t["master"])
    clients = [Client(round, i, master) for i in range(round.n)]
    peers = [[clients[j] for j in round.neighbours(i)] for i in range(round.n)]
    survivors = [i for i in range(round.n) if i not in t["dropped"]]
    messages = {str(kind): [None] * round.n for kind in range(1, 8)}
    mask = 2**round.bits - 1
    total = [0] * round.m
    for c, neighbours in zip(clients, peers):
        i = c.number
        messages["1"][i] = round.list(1, i, [], c.keys)
        messages["2"][i] = round.list(2, i, [(p.number, p.keys) for p in neighbours])
        commitment = derive(32, c.seed, round.info(COMMITMENT, i))
        messages["3"][i] = round.list(3, i, [(p.number, c.sealed_for(p)) for p in neighbours], commitment)
        messages["4"][i] = round.list(4, i, [(p.number, p.sealed_for(c)) for p in neighbours])
        if i not in survivors:
            continue
        words = [x & mask for x in c.masked(t["vectors"][i], neighbours)]
        packed = sum(word << round.bits * place for place, word in enumerate(words))
        body = packed.to_bytes((round.m * round.bits + 7) // 8, "little")
        messages["5"][i] = round.message(5, i, round.m, body)
        total = [x + y for x, y in zip(total, t["vectors"][i])]
        owners = neighbours + ([c] if round.k == round.n - 1 else [])
        kinds = [(p, 1 if p.number in survivors else 2) for p in owners]
        messages["6"][i] = round.list(6, i, [(p.number, struct.pack("<I", kind)) for p, kind in kinds])
        shares = [(p.number, struct.pack("<I", k) + p.shares_for(i)[40 * (k - 1):40 * k]) for p, k in kinds]
        messages["7"][i] = round.list(7, i, shares)
    # Any threshold of the holders gives the secrets back.
    for c, neighbours in zip(clients, peers):
        holders = [p.number for p in neighbours][:round.t]
        if len(holders) == round.t:
            assert Sharing.secret({h + 1: c.shares_for(h)[:40] for h in holders}) == c.seed
            assert Sharing.secret({h + 1: c.shares_for(h)[40:] for h in holders}) == c.mask_bytes
    t["identity"] = round.identity.hex()
    t["messages"] = {kind: [m and sha256(m).hex() for m in row] for kind, row in messages.items()}
    t["sum"] = [(x + (mask + 1) // 2 & mask) - (mask + 1) // 2 for x in total]
    return t


def settings():
    """The rounds of the fixture: complete and sparse, exact and narrow, signed."""
    def vectors(n, m, bits):
        words = [derive(8 * m, b"a vector", bytes([i])) for i in range(n)]
        return [[x >> 64 - bits for x in struct.unpack(f"<{m}q", w)] for w in words]

    base = {"run": b"a run".hex(), "round": 3, "attempt": 1, "master": bytes(range(32)).hex(), "randomness": "0a0b0c"}
    exact = {"valueBits": 64, "weightBits": 0, "bits": 64, "signers": []}
    narrow = {"valueBits": 16, "weightBits": 3, "bits": 23, "signers": []}
    wide = {"valueBits": 31, "weightBits": 6, "bits": 40, "signers": []}
    # As a simulation has them: by the number in the run, in every round the same.
    signers = [derive(32, bytes(range(32)), bytes(32) + struct.pack("<3I", SIGNING_KEY, i, 0)).hex() for i in range(6)]
    return [
        {**base, **exact, "clients": 5, "degree": 4, "threshold": 3, "length": 9, "dropped": [1], "vectors": vectors(5, 9, 64)},
        {**base, **exact, "clients": 13, "degree": 6, "threshold": 3, "length": 3, "dropped": [0, 7], "vectors": vectors(13, 3, 64)},
        {**base, **narrow, "clients": 10, "degree": 9, "threshold": 6, "length": 11, "dropped": [], "vectors": vectors(10, 11, 19)},
        {**base, **wide, "clients": 5, "degree": 4, "threshold": 3, "length": 7, "dropped": [4], "vectors": vectors(5, 7, 37)},
        {**base, **exact, "signers": signers, "clients": 6, "degree": 5, "threshold": 4, "length": 2, "dropped": [2],
         "vectors": vectors(6, 2, 60)},
    ]


def main():
    if sys.argv[1:] in (["--write"], ["--compare"]):
        text = json.dumps([transcript(t) for t in settings()], indent=0) + "\n"
        if sys.argv[1] == "--compare":
            same = FIXTURE.read_text() == text
            print(f"{FIXTURE.name}: {'as this program makes it' if same else 'is not what this program makes'}")
            return 0 if same else 1
        FIXTURE.parent.mkdir(exist_ok=True)
        FIXTURE.write_text(text)
        return 0
    wrong = count = 0
    for number, theirs in enumerate(json.loads(pathlib.Path(sys.argv[1]).read_text())):
        ours = transcript({key: value for key, value in theirs.items() if key not in ("identity", "messages", "sum")})
        for kind, row in theirs["messages"].items():
            for client, message in enumerate(row):
                count += message is not None
                if message != ours["messages"][kind][client]:
                    print(f"transcript {number}: message {kind} of client {client} differs")
                    wrong += 1
        wrong += theirs["sum"] != ours["sum"]
    print(f"{count} messages of Swift's, {wrong} wrong")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
