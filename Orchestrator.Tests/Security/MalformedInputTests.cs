using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Security;

/// <summary>Thousands of wrong calls: each gets its 4xx (or, where it is no HTTP, is hung up on), and none does anything.</summary>
public sealed class MalformedInputTests : IAsyncLifetime
{
    private static readonly string[] Posts = ["/api/runner/provision", "/api/runner/deprovision", "/api/runner/heartbeat", "/api/runner/s1/exec"];

    private static readonly string[] Reserved = ["destroy", "machines", "health", "healthz", "alive", "ready", "metrics", "api"];

    private ApiHost _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiHost.StartAsync("--Logging:LogLevel:Default=None");

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public void BrokenJson_AnyPlace_Refused()
    {
        var whole = """{"sessionId":"s1","networkMode":"none","command":["ls","-l"],"env":{"A":"b"},"timeoutSeconds":5}""";
        var cut = Gen.Choose(1, whole.Length - 1).Select(length => whole[..length]);
        var swapped = from place in Gen.Choose(0, whole.Length - 1)
                      where "{}[]:,".Contains(whole[place], StringComparison.Ordinal)
                      from with in Gen.Elements("{}[]:,;'=\0\u0001x".ToCharArray())
                      where with != whole[place]
                      select whole[..place] + with + whole[(place + 1)..];
        var deep = from depth in Gen.Choose(40, 20_000)
                   from bracket in Gen.Elements("[", "{\"sessionId\":", "{\"env\":")
                   select $$"""{"command":{{string.Concat(Enumerable.Repeat(bracket, depth))}}""";

        ForAll(1500, from body in Gen.OneOf(cut, swapped, deep)
                     where !IsObject(body)
                     from path in Gen.Elements(Posts)
                     select Post(path, body));
    }

    [Fact]
    public void WrongTypes_AnyField_Refused()
    {
        var wrong = Gen.Elements("1", "-0.5", "1e400", "true", "[]", "[[]]", "{}", "{\"a\":1}", "[\"a\",1]");
        ForAll(500, from path in Gen.Elements(Posts)
                    from field in Gen.Elements("sessionId", "networkMode", "command", "stdin", "env", "timeoutSeconds")
                    where path.EndsWith("/exec", StringComparison.Ordinal)
                        ? field is "command" or "stdin" or "env"
                        : field == "sessionId" || (field == "networkMode" && path.EndsWith("/provision", StringComparison.Ordinal))
                    from value in wrong
                    where !(field == "env" && value is "{}")
                    select Post(path, $$"""{"{{field}}":{{value}}{{(field == "command" || !path.EndsWith("/exec", StringComparison.Ordinal) ? "" : ",\"command\":[\"ls\"]")}}}"""));
    }

    [Fact]
    public void WrongIds_AnyShape_Refused()
    {
        var text = from characters in Gen.ArrayOf(Gen.OneOf(
                       Gen.Choose(1, 0xD7FF).Select(code => (char)code), Gen.Elements("aZ09._:-/\\%?#&+ \t\"'<>{}|^`~".ToCharArray())))
                   select new string(characters);
        var longId = Gen.Choose(129, 3000).Select(length => new string('a', length));
        var id = Gen.OneOf(text, longId).Where(id => id.Length > 0 && !IsSessionId(id));

        ForAll(1000, Gen.OneOf(
            from bad in id from path in Gen.Elements(Posts[..3]) select Post(path, JsonSerializer.Serialize(new Dictionary<string, string> { ["sessionId"] = bad })),
            from bad in id select Post($"/api/runner/{Uri.EscapeDataString(bad)}/exec", """{"command":["ls"]}"""),
            from bad in id from verb in Gen.Elements("GET", "DELETE") where !IsProjectId(bad) select Call(Listener.Machines, verb, $"/{Uri.EscapeDataString(bad)}", "")));
    }

    [Fact]
    public void WrongVerbsAndPaths_AnyOfThem_Refused() => ForAll(700, Gen.OneOf(
        from verb in Gen.Elements("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get")
        from path in Gen.Elements(Posts)
        select Call(Listener.Sessions, verb, path, ""),
        from verb in Gen.Elements("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "POST")
        from word in Gen.Elements(Reserved)
        where !(verb == "GET" && word is "health" or "alive" or "ready" or "metrics") && !(verb == "POST" && word == "destroy")
        from tail in Gen.Elements("", "/", "/x", "%2F", "?a=b", "//")
        select Call(Listener.Machines, verb, $"/{word}{tail}", "")));

    [Fact]
    public void WrongHttp_AnyBytes_RefusedOrHungUpOn()
    {
        var noise = Gen.ArrayOf(Gen.Choose(0, 255).Select(value => (byte)value)).Where(bytes => bytes.Length > 0)
            .Select(bytes => new Sample(Listener.Sessions, [.. bytes, .. "\r\n\r\n"u8]));
        // What would end a header early, or begin another one.
        var injected = from name in Gen.Elements("X-Session-Id", "X-Other", "Host", "Content-Type")
                       from value in Gen.Elements("a\0b", "a\rX-Session-Id: good", "a\r\rb", "\0")
                       select Raw($"POST /api/runner/provision HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nContent-Length: 0\r\n\r\n");
        var line = from text in Gen.Elements(
                       "POST  /api/runner/provision HTTP/1.1", "POST /api/runner/provision", "POST /api/runner/provision HTTP/9.9", "/api/runner/provision POST HTTP/1.1",
                       "POST api/runner/provision HTTP/1.1", "POST /api/runner/pro\0vision HTTP/1.1", "POST /%zz%00 HTTP/1.1", "PO ST / HTTP/1.1",
                       "POST http://evil.example/api/runner/provision HTTP/1.1", "POST /api/runner/provision\u00e9 HTTP/1.1")
                   select Raw($"{text}\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        var headers = from header in Gen.Elements(
                          "Host: ", "Host: a\r\nHost: b", "Content-Length: -1", "Content-Length: 1e3", "Content-Length: 5\r\nContent-Length: 6",
                          "Content-Length: 99999999999999999999", "Content-Length: 2000000", "Transfer-Encoding: gzip", " folded: x", "no colon", ": no name",
                          "Bad Name: x", "Host: evil.example", "X-Forwarded-For: 1.2.3.4", "X-Session-Id: not valid", "Origin: https://evil.example")
                      select Raw($"POST /api/runner/provision HTTP/1.1\r\n{(header.StartsWith("Host", StringComparison.Ordinal) ? "" : "Host: localhost\r\n")}{header}\r\n{(header.StartsWith("Content-Length", StringComparison.Ordinal) ? "" : "Content-Length: 0\r\n")}\r\n");
        var chunks = from chunk in Gen.Elements("zz\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n0\r\n\r\n", "2\r\n{}x\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n{}\r\n", "5\r\n{", "2\r\n{}")
                     select Raw($"POST /api/runner/provision HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}");
        var large = from count in Gen.Choose(40, 200)
                    select Raw($"POST /api/runner/provision HTTP/1.1\r\nHost: localhost\r\n{string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('a', 1000)}\r\n"))}Content-Length: 0\r\n\r\n");

        ForAll(800, Gen.OneOf(noise, injected, line, headers, chunks, large), mayHangUp: true);
    }

    [Fact]
    public async Task SlowCaller_HalfARequest_IsNotWaitedForForEver()
    {
        var half = "POST /api/runner/provision HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"u8.ToArray();

        Assert.Equal(408, await RawConnection.SendAsync(_api.PortOf(Listener.Sessions), half));
        Assert.Equal(0, _api.Engine.Started);
    }

    private void ForAll(int count, Gen<Sample> samples, bool mayHangUp = false)
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(count), Prop.ForAll(samples.ToArbitrary(), sample =>
        {
            var status = RawConnection.SendAsync(_api.PortOf(sample.Listener), sample.Bytes, end: mayHangUp).GetAwaiter().GetResult();
            // 505 is what HTTP has for a version that is not spoken here.
            return (status is >= 400 and < 500 or 505 || (status == 0 && mayHangUp)).Label($"{status} for {sample}");
        }));
        Assert.Equal(0, _api.Engine.Started);
    }

    private static Sample Post(string path, string json) => Call(Listener.Sessions, "POST", path, json);

    private static Sample Call(Listener listener, string verb, string path, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return new Sample(listener, [.. Encoding.Latin1.GetBytes($"{verb} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {bytes.Length}\r\n\r\n"), .. bytes]);
    }

    private static Sample Raw(string text) => new(Listener.Sessions, Encoding.Latin1.GetBytes(text));

    private static bool IsSessionId(string id) =>
        id.Length <= 128 && char.IsAsciiLetterOrDigit(id[0]) && id.All(c => char.IsAsciiLetterOrDigit(c) || "._:-".Contains(c, StringComparison.Ordinal));

    private static bool IsProjectId(string id) => id.Length <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private static bool IsObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private sealed record Sample(Listener Listener, byte[] Bytes)
    {
        public override string ToString() => $"{Listener}: {Encoding.Latin1.GetString(Bytes)[..Math.Min(Bytes.Length, 400)]}";
    }
}
