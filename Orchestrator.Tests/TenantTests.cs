using System.Text.Json;
using Orchestrator.Core;

namespace Orchestrator.Tests;

/// <summary>Tenants' names, and owners of several tenants.</summary>
public sealed class TenantTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("acme-2")]
    [InlineData("-")]
    [InlineData("0123456789-0123456789-0123456789-0123456789-0123456789-abcdefgh")]
    public void Name_WellFormed_IsTaken(string name)
    {
        Assert.Equal(name, new Tenant(name).Name);
        Assert.True(Tenant.TryParse(name, out var tenant));
        Assert.Equal(new Tenant(name), tenant);
        Assert.NotEqual(Tenant.Default, tenant);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Acme")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("a:b")]
    [InlineData("ä")]
    [InlineData("0123456789-0123456789-0123456789-0123456789-0123456789-abcdefghi")]
    public void Name_Malformed_IsRefused(string name)
    {
        var error = Assert.Throws<ArgumentException>(() => new Tenant(name));

        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
        Assert.False(Tenant.TryParse(name, out _));
    }

    [Fact]
    public void Default_HoweverItIsWritten_IsTheSame()
    {
        Assert.Equal("default", Tenant.Default.Name);
        Assert.Equal(Tenant.Default, new Tenant("default"));
        Assert.Equal(Owner.Session("a"), Owner.Session("a", new Tenant("default")));
    }

    [Fact]
    public void Json_IsTheName()
    {
        Assert.Equal("\"acme\"", JsonSerializer.Serialize(new Tenant("acme")));
        Assert.Equal(new Tenant("acme"), JsonSerializer.Deserialize<Tenant>("\"acme\""));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Tenant>("\"Acme\""));
    }

    [Fact]
    public void Owner_OfAnotherTenant_IsAnotherOwner()
    {
        Assert.NotEqual(Owner.Session("a"), Owner.Session("a", new Tenant("acme")));
        Assert.NotEqual(Owner.Session("a", new Tenant("acme")), Owner.Machine("a", new Tenant("acme")));
    }

    [Fact]
    public void Owner_InLogs_NamesItsTenantUnlessItIsTheDefaultOne()
    {
        Assert.Equal("session a", Owner.NameOf(Owner.Session("a")));
        Assert.Equal("session a of tenant acme", Owner.NameOf(Owner.Session("a", new Tenant("acme"))));
    }
}
