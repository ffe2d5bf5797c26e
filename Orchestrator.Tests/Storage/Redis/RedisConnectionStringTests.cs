using System.Net;
using Orchestrator.Storage.Redis;
using StackExchange.Redis;

namespace Orchestrator.Tests.Storage.Redis;

public sealed class RedisConnectionStringTests
{
    [Theory]
    [InlineData("redis://host", "host:6379", false, null, null, null)]
    [InlineData("redis://host/", "host:6379", false, null, null, null)]
    [InlineData("rediss://host:6390/3", "host:6390", true, null, null, 3)]
    [InlineData("redis://:p%40ss%2C%3D%2F%3A@host", "host:6379", false, null, "p@ss,=/:", null)]
    [InlineData("redis://user:a=b:c@10.0.0.7:1/0", "10.0.0.7:1", false, "user", "a=b:c", 0)]
    [InlineData("redis://[::1]:7000", "[::1]:7000", false, null, null, null)]
    [InlineData("host", "host:0", false, null, null, null)]
    [InlineData("host:6380,ssl=true,user=me,password=a://b,defaultDatabase=2", "host:6380", true, "me", "a://b", 2)]
    public void Parse_OfAServer_IsWhatTheClientUses(string text, string endPoint, bool tls, string? user, string? password, int? database)
    {
        var connection = RedisConnectionString.Parse(text);
        var client = ConfigurationOptions.Parse(connection.Text);
        connection.Apply(client);

        Assert.Equal(endPoint, Format(Assert.Single(client.EndPoints)));
        Assert.Equal((tls, user, password, database), (client.Ssl, client.User, client.Password, client.DefaultDatabase));
    }

    [Fact]
    public void Parse_OfSeveralServers_KeepsThem() => Assert.Equal(
        ["a:1", "b:2"], ConfigurationOptions.Parse(RedisConnectionString.Parse("a:1, b:2,abortConnect=false").Text).EndPoints.Select(Format));

    [Theory]
    [InlineData("foo=bar")]
    [InlineData("host,foo=s3cret")]
    [InlineData("host,password=x,s3cret=y")]
    [InlineData("host:99999,password=s3cret")]
    [InlineData("host:s3cret")]
    [InlineData("host,password=x,s3 cret")]
    [InlineData("good:1,bad:port")]
    [InlineData("a b")]
    [InlineData(",")]
    [InlineData("defaultDatabase=99")]
    [InlineData("host,defaultDatabase=-1")]
    [InlineData("host,defaultDatabase=first")]
    [InlineData("host,ssl=perhaps")]
    [InlineData("http://host")]
    [InlineData("redis://")]
    [InlineData("redis://host:99999")]
    [InlineData("redis://:s3cret@host/first")]
    [InlineData("redis://:s3cret@host/-1")]
    [InlineData("redis://:s3cret@host?db=1")]
    [InlineData("redis://s3cret@host")]
    [InlineData("redis://a:1,b:2")]
    public void Parse_OfAnythingElse_SaysWhyAndRepeatsNothing(string text)
    {
        var refusal = Assert.Throws<FormatException>(() => RedisConnectionString.Parse(text));

        Assert.DoesNotContain("s3", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    private static string? Format(EndPoint endPoint) => endPoint is DnsEndPoint name ? $"{name.Host}:{name.Port}" : endPoint.ToString();
}
