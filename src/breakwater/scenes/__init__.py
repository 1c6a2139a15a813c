"""What frames show beyond a fingerprint: points of a scene, and the geometry that joins them.

`local` finds and compares key points, `overlay` masks what lies over every frame of a source,
`places` is the small inverted file that finds candidates. Pixels go in inside the jail only
(`recognition.task`); key points are compared outside. Source: reference linking.
"""
