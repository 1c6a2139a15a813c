"""Original packets in another container: one that it does not take is counted, never raised."""

from io import BytesIO

import av
import numpy as np

from breakwater.media.remux import Remuxer


def flash() -> bytes:
    """Two seconds of FLV."""
    out = BytesIO()
    with av.open(out, "w", format="flv") as file:
        stream = file.add_stream("libx264", rate=10, options={"g": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            pixels = np.full((48, 64, 3), 10 * number, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode(None))
    return out.getvalue()


def test_packets_that_it_does_not_take_are_counted() -> None:
    with av.open(BytesIO(flash())) as file:
        stream = file.streams.video[0]
        remuxer = Remuxer([stream])
        packets = [one for one in file.demux(stream) if one.size]
        packets[3].dts = None  # no time: it has no place
        for packet in packets:
            remuxer.put(packet, video=True)
        assert remuxer.refused == 1
        remuxer.put(packets[0], video=True)  # before what is there
        assert remuxer.refused == 2
        body, _ = remuxer.take(2.0, key=True)
        rest, _ = remuxer.close()
    with av.open(BytesIO(body + rest)) as file:
        assert len([one for one in file.demux(video=0) if one.size]) == len(packets) - 1
