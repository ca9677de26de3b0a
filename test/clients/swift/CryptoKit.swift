/// A stand-in for Apple's CryptoKit: SHA-256 (FIPS 180-4) of short data.

import Foundation

public enum SHA256 {
    public static func hash(data: Data) -> [UInt8] {
        var state: [UInt32] = roots(8, 1.0 / 2)
        let constants: [UInt32] = roots(64, 1.0 / 3)
        for block in blocks([UInt8](data)) {
            var words = (0..<16).map { i in block[(4 * i)..<(4 * i + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
            for i in 16..<64 {
                let a = words[i - 15], b = words[i - 2]
                let low = turned(a, 7) ^ turned(a, 18) ^ a >> 3
                let high = turned(b, 17) ^ turned(b, 19) ^ b >> 10
                words.append(words[i - 16] &+ low &+ words[i - 7] &+ high)
            }
            var s = state
            for i in 0..<64 {
                let one = turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)
                let first = s[7] &+ one &+ (s[4] & s[5] ^ ~s[4] & s[6]) &+ constants[i] &+ words[i]
                let zero = turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)
                let second = zero &+ (s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2])
                s = [first &+ second, s[0], s[1], s[2], s[3] &+ first, s[4], s[5], s[6]]
            }
            state = zip(state, s).map { $0 &+ $1 }
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
    }

    private static func turned(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }

    /// The first bits of the fractional parts of roots of the first primes.
    private static func roots(_ count: Int, _ power: Double) -> [UInt32] {
        (2...311).filter { n in !(2..<n).contains { n % $0 == 0 } }.prefix(count).map { prime in
            let root = pow(Double(prime), power)
            return UInt32((root - root.rounded(.down)) * 4_294_967_296)
        }
    }

    private static func blocks(_ data: [UInt8]) -> [[UInt8]] {
        var padded = data + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        padded += (0..<8).map { UInt8(truncatingIfNeeded: (data.count * 8) >> (56 - 8 * $0)) }
        return stride(from: 0, to: padded.count, by: 64).map { Array(padded[$0..<($0 + 64)]) }
    }
}
