"""Run with: .venv/bin/python -m unittest"""

import math
import unittest

import cbor2

from main import envelope, read_sensor


class SensorTest(unittest.TestCase):
    def test_the_sensor_gives_a_number(self) -> None:
        self.assertTrue(math.isfinite(read_sensor()))

    def test_the_envelope_is_that_of_the_fleet(self) -> None:
        message = cbor2.loads(envelope(7, {"value": 1.5}))
        self.assertEqual(message["body"], {"value": 1.5})
        self.assertEqual(message["header"]["monotonic_seq"], 7)


if __name__ == "__main__":
    unittest.main()
