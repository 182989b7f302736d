package modfile

// unsigned reads an unsigned LEB128 number and says how many bytes it has; 0 when it is cut off.
func unsigned(b []byte) (value uint64, n int) {
	for shift := 0; n < len(b) && shift < 64; shift += 7 {
		value |= uint64(b[n]&0x7F) << shift
		n++
		if b[n-1] < 0x80 {
			return value, n
		}
	}
	return 0, 0
}

func appendUnsigned(b []byte, value uint64) []byte {
	for value >= 0x80 {
		b = append(b, byte(value)|0x80)
		value >>= 7
	}
	return append(b, byte(value))
}

func appendSigned(b []byte, value int64) []byte {
	for {
		low := byte(value & 0x7F)
		value >>= 7
		if value == 0 && low < 0x40 || value == -1 && low >= 0x40 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// signed32 reads the number of an i32.const.
func signed32(b []byte) (value int32, n int) {
	var result int64
	for shift := 0; n < len(b) && shift < 35; {
		low := b[n]
		n++
		result |= int64(low&0x7F) << shift
		shift += 7
		if low < 0x80 {
			if low >= 0x40 {
				result |= -1 << shift
			}
			return int32(result), n
		}
	}
	return 0, 0
}
