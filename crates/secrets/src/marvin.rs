//! Marvin32, the checksum inside of Azure's identifiable keys.
//!
//! Microsoft, `IdentifiableSecrets` and `IdentifiableMetadata` of the security-utilities library:
//! the last four bytes of a key are the hash of the others, by the seed of its kind.

use crate::check::decode_base64;

/// The seeds of all kinds of keys: each is eight letters that name the kind.
const SEEDS: [&[u8; 8]; 28] = [
    b"Default0",
    b"MastRO00",
    b"MastRW00",
    b"SystRO00",
    b"SystRW00",
    b"SysAll00",
    b"Resour00",
    b"Encryp00",
    b"Access00",
    b"Query000",
    b"PAdmin00",
    b"Classic0",
    b"ACRDflt0",
    b"UsrPwd00",
    b"IoTHub00",
    b"DpsKey00",
    b"Device00",
    b"Tenant00",
    b"Gatewy00",
    b"GitKey00",
    b"Master00",
    b"System00",
    b"Functi00",
    b"Unknown0",
    b"Send0000",
    b"Manage00",
    b"Listen00",
    b"AbAcct00",
];

/// Where the sum of a common annotated key begins, in letters, and how long it is.
const SUM_OF_ANNOTATED: std::ops::Range<usize> = 80..84;

/// Returns true if and only if a key in base64 ends with its checksum by the seed of some kind.
pub(crate) fn is_right(key: &[u8]) -> bool {
    if key.get(52..57) == Some(b"JQQJ9") {
        return is_right_annotated(key);
    }
    let Some(bytes) = decode_base64(key) else { return false };
    let Some((data, sum)) = bytes.split_last_chunk() else { return false };
    let sum = u32::from_le_bytes(*sum);
    SEEDS.iter().any(|seed| hash(data, u64::from_be_bytes(**seed)) == sum)
}

/// The same for a key in the common format: behind its 60 bytes stand four letters of their hash,
/// in base64 or in base 62.
fn is_right_annotated(key: &[u8]) -> bool {
    let (Some(data), Some(sum)) =
        (key.get(..SUM_OF_ANNOTATED.start).and_then(decode_base64), key.get(SUM_OF_ANNOTATED))
    else {
        return false;
    };
    let bytes = hash(&data, u64::from_be_bytes(*SEEDS[0])).to_le_bytes();
    let in_base64 = decode_base64(sum).is_some_and(|sum| sum == bytes[..3]);
    in_base64 || base62(u32::from_be_bytes(bytes)).starts_with(sum)
}

/// A number in base 62, letters before digits, its greatest digit first.
fn base62(mut number: u32) -> Vec<u8> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut digits = Vec::new();
    while number > 0 {
        digits.push(LETTERS[(number % 62) as usize]);
        number /= 62;
    }
    digits.reverse();
    digits
}

fn hash(data: &[u8], seed: u64) -> u32 {
    let (mut low, mut high) = (seed as u32, (seed >> 32) as u32);
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        low = low.wrapping_add(u32::from_le_bytes(*word));
        mix(&mut low, &mut high);
    }
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    low = low.wrapping_add(u32::from_le_bytes(last));
    mix(&mut low, &mut high);
    mix(&mut low, &mut high);
    low ^ high
}

fn mix(low: &mut u32, high: &mut u32) {
    *high ^= *low;
    *low = low.rotate_left(20).wrapping_add(*high);
    *high = high.rotate_left(9) ^ *low;
    *low = low.rotate_left(27).wrapping_add(*high);
    *high = high.rotate_left(19);
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_hash_is_that_of_the_runtime() {
        // Vectors of the .NET runtime's tests, folded to 32 bits.
        let seed = 0x004f_b61a_001b_dbcc;
        for (data, folded) in [
            (&b""[..], 0x30ed_35c1_u32 ^ 0x00cd_3c7d),
            (b"\xaf", 0x48e7_3fc7 ^ 0x7d75_ddc1),
            (b"\xe7\x0f", 0xb5f6_e1fc ^ 0x485d_bff8),
            (b"\x37\xf4\x95", 0xf0b0_7c78 ^ 0x9b8c_f7e8),
        ] {
            assert_eq!(hash(data, seed), folded, "{data:?}");
        }
    }

    #[test]
    fn an_annotated_key_with_its_checksum_is_right() {
        let random = "k3J9zQ1xW8vB5nM2".repeat(4);
        let data = format!("{}JQQJ99BAACAAAAAA{}AZDO", &random[..52], &random[..8]);
        let decoded = STANDARD.decode(&data).expect("it is base64");
        let bytes = hash(&decoded, u64::from_be_bytes(*b"Default0")).to_le_bytes();
        let in_base62 = base62(u32::from_be_bytes(bytes));
        let in_base62 = String::from_utf8_lossy(&in_base62[..4]).into_owned();
        for sum in [in_base62, STANDARD.encode(&bytes[..3])] {
            assert!(is_right(format!("{data}{sum}").as_bytes()), "{sum}");
        }
        assert!(!is_right(format!("{data}aaaa").as_bytes()));
    }

    #[test]
    fn a_key_with_its_checksum_is_right_and_another_is_not() {
        let data: Vec<u8> = (0..60_u8).map(|at| at.wrapping_mul(37)).collect();
        let sum = hash(&data, u64::from_be_bytes(*b"Default0"));
        let mut key = [&data[..], &sum.to_le_bytes()].concat();
        assert!(is_right(STANDARD.encode(&key).as_bytes()));
        key[7] ^= 1;
        assert!(!is_right(STANDARD.encode(&key).as_bytes()));
    }
}
